/** The sections of the page that tell of regions, what they handed each other, nodes and the owner. */
import { html, section, table, type Html, type HtmlPart } from './html.ts';
import { duration, number, percent, titled } from './numbers.ts';
import type { Report } from './schema.ts';

type Command = Report['governance']['commands'][number];
type Node = Report['nodes'][number];
type Policy = Report['shards'][string]['policy'];
type Shard = Report['shards'][string];

const jobs = (value: number): string => number(value);

/** Jobs, queues and latencies by region. */
export function shardSection({ shards }: Report): Html {
  const rows = Object.entries(shards);
  const count = (head: string, of: (shard: Shard) => number) => ({
    head,
    cell: ([, shard]: [string, Shard]) => jobs(of(shard)),
    isNumber: true,
  });
  const name = { head: 'Region', cell: ([id]: [string, Shard]) => html`<b>${titled(id)}</b>` };
  const work = table(
    [
      name,
      count('Accepted', (shard) => shard.jobs.accepted),
      count('Refused', (shard) => shard.jobs.refused),
      count('Completed here', (shard) => shard.jobs.completed),
      count('Failed here', (shard) => shard.jobs.failed),
      count('Retried', (shard) => shard.jobs.retried),
      count('Taken in', (shard) => shard.spilledIn),
      count('Handed on', (shard) => shard.spilledOut),
      count('Left open', ({ jobs: { queued, leased, inTransit } }) => queued + leased + inTransit),
    ],
    rows,
    'No region reported.',
  );
  const waits = table(
    [
      name,
      count('Queue at the end', (shard) => shard.queueDepth.now),
      count('Longest queue', (shard) => shard.queueDepth.max),
      {
        head: 'Spillover limit',
        cell: ([, { policy }]) => jobs(policy.spilloverLimit),
        isNumber: true,
      },
      { head: 'Half within', cell: ([, { latencyMs }]) => duration(latencyMs.p50), isNumber: true },
      { head: '95% within', cell: ([, { latencyMs }]) => duration(latencyMs.p95), isNumber: true },
      { head: '99% within', cell: ([, { latencyMs }]) => duration(latencyMs.p99), isNumber: true },
      { head: 'Budget', cell: ([, { latencyMs }]) => duration(latencyMs.budget), isNumber: true },
      count('Over budget', (shard) => shard.latencyMs.overBudget),
      { head: 'Paused', cell: ([, { paused }]) => (paused ? 'yes' : 'no') },
    ],
    rows,
    'No region reported.',
  );
  return section(
    'shards',
    'Regions',
    'Each region has its own queue and nodes. A job counts as accepted where it came in and as completed where it was done.',
    html`${work}
      <h3>Queues and waiting</h3>
      <p class="lead">
        A queue above its spillover limit is shed to other regions. Waiting counts from a job's
        arrival to its result, read from steps about 19% wide.
      </p>
      ${waits}`,
  );
}

/** Who handed how much to whom. */
export function spilloverSection({ shards }: Report): Html {
  const rows = Object.entries(shards).flatMap(([from, { spillovers, policy }]) =>
    Object.entries(spillovers).map(([to, moved]) => ({ from, to, moved, policy })),
  );
  const moved = rows.filter((row) => row.moved > 0);
  return section(
    'spillover',
    'Spillover',
    'Work that a full region handed to another, inside the limits that its owner set.',
    table(
      [
        { head: 'From', cell: ({ from }) => html`<b>${titled(from)}</b>` },
        { head: 'To', cell: ({ to }) => titled(to) },
        { head: 'Jobs', cell: (row) => jobs(row.moved), isNumber: true },
        {
          head: 'Limit of the sender',
          cell: ({ policy }) => jobs(policy.spilloverLimit),
          isNumber: true,
        },
      ],
      moved,
      'Nothing was handed on: no queue stayed above its limit.',
    ),
  );
}

const NODE_STATES: Readonly<Record<Node['state'], HtmlPart>> = {
  ready: 'ready',
  expected: 'never came',
  left: 'left in order',
  cordoned: 'cordoned',
  draining: 'draining',
  removed: 'removed',
  suspect: html`<span class="badge warn">not heard</span>`,
  lost: html`<span class="badge warn">lost</span>`,
  ejected: html`<span class="badge warn">out for a while</span>`,
};

/** The node marketplace as it stood at the end. */
export function nodeSection({ nodes }: Report): Html {
  return section(
    'nodes',
    'Nodes',
    'The agents that did the work. A lost batch is one that a node did not answer for: its jobs were given to another, and that counts as no attempt.',
    table<Node>(
      [
        { head: 'Node', cell: ({ id }) => html`<b>${id}</b>` },
        { head: 'Region', cell: ({ shard }) => titled(shard) },
        { head: 'State', cell: ({ state }) => NODE_STATES[state] },
        { head: 'Skills', cell: ({ skills }) => skills.join(', ') },
        { head: 'Completed', cell: ({ completed }) => jobs(completed), isNumber: true },
        { head: 'Failed attempts', cell: ({ failed }) => jobs(failed), isNumber: true },
        { head: 'Lost batches', cell: ({ leasesLost }) => jobs(leasesLost), isNumber: true },
        {
          head: 'Registered',
          cell: ({ incarnation }) => `${number(incarnation)}×`,
          isNumber: true,
        },
        {
          head: 'Time a job',
          cell: ({ serviceMs }) => (serviceMs === null ? '' : `${number(serviceMs, 2)} ms`),
          isNumber: true,
        },
        { head: 'Health', cell: ({ health }) => percent(health), isNumber: true },
        { head: 'Price', cell: ({ pricePerJob }) => number(pricePerJob, 4), isNumber: true },
      ],
      nodes,
      'No node registered.',
    ),
  );
}

const OUTCOMES: Readonly<Record<Command['outcome'], HtmlPart>> = {
  applied: html`<span class="badge good">applied</span>`,
  refused: html`<span class="badge bad">refused</span>`,
  received: html`<span class="badge warn">received</span>`,
  unconfirmed: html`<span class="badge warn">unconfirmed</span>`,
};

/** Who set what, when and why, and what held from when on. */
export function governanceSection({ governance }: Report): Html {
  const { commands, snapshots, commandsDropped } = governance;
  const asked = table<Command>(
    [
      { head: 'When', cell: ({ receivedAt }) => clock(receivedAt) },
      { head: 'Command', cell: ({ name }) => html`<b>${name}</b>` },
      { head: 'With', cell: ({ args }) => html`<code>${JSON.stringify(args) ?? ''}</code>` },
      { head: 'By', cell: ({ by, via }) => `${by} (${via})` },
      { head: 'Why', cell: ({ reason }) => reason },
      { head: 'Outcome', cell: ({ outcome }) => OUTCOMES[outcome] },
      { head: 'Effect', cell: ({ effect, refusedBecause }) => refusedBecause ?? effect },
    ],
    commands,
    'The owner gave no command: the mission ran by its own settings.',
  );
  const held = snapshots.flatMap(({ at, tickMs, fabricPaused, shards }) =>
    Object.entries(shards).map(([name, { paused, policy }], i) => ({
      at: i === 0 ? clock(at) : '',
      tick: i === 0 ? `${number(tickMs)} ms` : '',
      name,
      state: fabricPaused || paused ? 'paused' : 'running',
      policy,
    })),
  );
  const settings = table<{ at: string; tick: string; name: string; state: string; policy: Policy }>(
    [
      { head: 'From', cell: ({ at }) => at },
      { head: 'Tick', cell: ({ tick }) => tick, isNumber: true },
      { head: 'Region', cell: ({ name }) => titled(name) },
      { head: 'State', cell: ({ state }) => state },
      {
        head: 'Spillover limit',
        cell: ({ policy }) => jobs(policy.spilloverLimit),
        isNumber: true,
      },
      { head: 'Sheds to', cell: ({ policy }) => policy.spillTargets.map(titled).join(', then ') },
      {
        head: 'Latency budget',
        cell: ({ policy }) => duration(policy.latencyBudgetMs),
        isNumber: true,
      },
    ],
    held,
    'No settings were recorded.',
  );
  const dropped =
    commandsDropped === 0
      ? null
      : html`<p class="lead">
          ${number(commandsDropped)} older commands stand in the ledger only.
        </p>`;
  return section(
    'governance',
    'The owner',
    'Every command, who gave it and why, and the settings that held from when on.',
    html`<h3>Commands</h3>
      ${asked}${dropped}
      <h3>Settings</h3>
      ${settings}`,
  );
}

/** `12:00:05.250`, on the day that the page's head names. */
function clock(iso: string): string {
  return iso.slice(11, 23);
}
