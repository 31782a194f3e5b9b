/**
 * Bugs that a careful engineer might make, as edits of the core. Each names the invariant that it breaks and
 * what has to catch it: a check of the audit by name, `stuck` (the run never ends, I9), `throws` (the core
 * stops at a state that can't be), `append` (the ledger refuses what it is handed), `cut` (a checkpoint does not balance), or `test` (one of its own,
 * for what is not in the core).
 */
import type { CheckName } from '../../../audit/findings.ts';
import type { Edit } from './core-copy.ts';
import type { World } from './worlds.ts';

export interface PlantedBug extends Edit {
  /** What was done, and what it looked like to whoever did it. */
  readonly words: string;
  readonly breaks: string;
  readonly caughtBy: CheckName | 'stuck' | 'throws' | 'append' | 'cut' | 'test';
  /**
   * `tight`: with caps so low that they are reached; `files`: written to disk and read from there; `forked`:
   * the engine is lost with the ledger; `rebuilt`: the engine is lost all the time.
   */
  readonly world?: World;
}

const SHARD = 'fabric/shard';
const ORCHESTRATOR = 'fabric/orchestrator';

const ACCEPTANCE: readonly PlantedBug[] = [
  {
    words: "A page's last job is pulled again with the next page: the cursor is off by one",
    breaks: 'I1',
    file: `${SHARD}/feeds.ts`,
    find: 'cursor: page.from + page.count, pulling: 0 }',
    replace: 'cursor: page.from + Math.max(1, page.count - 1), pulling: 0 }',
    caughtBy: 'I1',
  },
  {
    words: 'Refused classes of a page are logged as accepted with the rest of it',
    breaks: 'I1',
    file: `${SHARD}/feeds.ts`,
    find: "  if (taken.length === 0) return;\n  log(draft, { type: 'accept', feed: page.feed, classes: taken });",
    replace: "  log(draft, { type: 'accept', feed: page.feed, classes: page.classes });",
    caughtBy: 'I1',
  },
  {
    words: 'Sets of ordinals are joined by appending one to the other, without sorting',
    breaks: 'I2',
    file: `${SHARD}/queue.ts`,
    find: 'const ordinals = union(twin.ordinals, slice.ordinals);',
    replace: 'const ordinals = [...twin.ordinals, ...slice.ordinals];',
    caughtBy: 'I2',
  },
  {
    words: 'Jobs that wait for another attempt are joined to those that wait for their first',
    breaks: 'I1',
    file: `${SHARD}/queue.ts`,
    find: '    a.attempt === b.attempt &&\n',
    replace: '',
    caughtBy: 'I1',
  },
];

const LEASES: readonly PlantedBug[] = [
  {
    words: 'Losing a lease counts as an attempt of its jobs',
    breaks: 'I1',
    file: `${SHARD}/outcomes.ts`,
    find: 'for (const item of items) enqueue(draft, item);',
    replace: 'for (const item of items) enqueue(draft, { ...item, attempt: item.attempt + 1 });',
    caughtBy: 'I1',
  },
  {
    words: 'A lost lease is kept in case its answer still comes, and the late answer is accepted',
    breaks: 'I1, fences',
    file: `${SHARD}/outcomes.ts`,
    find: 'const lease = takeLease(draft, event.lease, event.fence);\n  if (!lease) return;\n  if (!returned)',
    replace:
      'const lease = draft.state.leases.find((each) => each.fence === event.fence);\n  if (!lease) return;\n  if (!returned)',
    caughtBy: 'fences',
  },
  {
    words: 'Jobs that failed are queued for another attempt and handed back as unstarted too',
    breaks: 'I2',
    file: `${SHARD}/outcomes.ts`,
    find: 'const back = subtract(subtract(item.ordinals, completed), tried);',
    replace: 'const back = subtract(item.ordinals, completed);',
    caughtBy: 'I2',
  },
  {
    words: 'Jobs that a lease hands back are lost: only failures are queued again',
    breaks: 'I2',
    file: `${SHARD}/outcomes.ts`,
    find: '  enqueue(draft, { ...item, ordinals: back });\n',
    replace: '',
    caughtBy: 'stuck',
    world: 'tight',
  },
  {
    words: 'Late answers are refused and not counted',
    breaks: 'I2 (tally)',
    file: `${SHARD}/outcomes.ts`,
    find: '    count(draft, { lateAnswers: 1 });\n',
    replace: '',
    caughtBy: 'I2',
  },
  {
    words: 'Where nothing succeeded an outcome names no results, though the failures stand there',
    breaks: 'results',
    file: `${SHARD}/outcomes.ts`,
    find: 'fence, node, segment, items, cost, ...how });',
    replace: 'fence, node, segment: completed > 0 ? segment : null, items, cost, ...how });',
    caughtBy: 'results',
  },
  {
    words: 'A job fails for good one attempt early',
    breaks: 'I6',
    file: `${SHARD}/outcomes.ts`,
    find: 'const final = item.attempt >= state.fabricPolicy.attemptsMax;',
    replace: 'const final = item.attempt + 1 >= state.fabricPolicy.attemptsMax;',
    caughtBy: 'I6',
  },
  {
    words: 'The bodies of submitted jobs are released at a failed attempt, and again at the last',
    breaks: 'I1',
    file: `${SHARD}/outcomes.ts`,
    find: 'releaseBodies(draft, item.page, done + lost);',
    replace: 'releaseBodies(draft, item.page, done + attempts.length);',
    caughtBy: 'throws',
  },
  {
    words: 'A node keeps its incarnation when it registers again',
    breaks: 'fences',
    file: `${SHARD}/nodes.ts`,
    find: 'const incarnation = (known?.incarnation ?? 0) + 1;',
    replace: 'const incarnation = known?.incarnation ?? 1;',
    caughtBy: 'fences',
  },
  {
    words: 'A node that was lost is still given leases: only those that left are passed over',
    breaks: 'fences',
    file: `${SHARD}/node-service.ts`,
    find: "const isThere = node.state === 'ready' && !node.former;",
    replace: "const isThere = node.state !== 'left' && !node.former;",
    caughtBy: 'fences',
  },
  {
    words: 'A lease takes jobs and leaves the last of them in the queue',
    breaks: 'I3',
    file: `${SHARD}/dispatch.ts`,
    find: '    shrink(draft, jobs.id, rest);\n',
    replace:
      '    shrink(draft, jobs.id, rest.length > 0 ? [rest[0]! - 1, ...rest.slice(1)] : rest);\n',
    caughtBy: 'I3',
  },
  {
    words: 'Continue-as-new does not ask for leases in flight again',
    breaks: 'I9',
    file: `${SHARD}/decide.ts`,
    find: "effects.push({ do: 'lease', grant: grantOf(state, lease.lease) });",
    replace: '',
    caughtBy: 'stuck',
    world: 'tight',
  },
];

const TRANSFERS: readonly PlantedBug[] = [
  {
    words: 'A transfer that was sent three times is taken out of the outbox as delivered',
    breaks: 'I1, I2',
    file: `${SHARD}/transfers.ts`,
    find: 'return { ...entry, sentAtMs: nowMs, sends: entry.sends + 1 };\n  });',
    replace:
      'return { ...entry, sentAtMs: nowMs, sends: entry.sends + 1 };\n  }).filter((entry) => entry.sends < 3);',
    caughtBy: 'transfers',
  },
  {
    words: 'An acknowledgement of a later transfer is taken as one of all before it',
    breaks: 'I1, I2',
    file: `${SHARD}/transfers.ts`,
    find: 'transfer.to === ack.target && isSettled(ack, transfer.no);',
    replace: 'transfer.to === ack.target && transfer.no <= Math.max(ack.upTo, ...ack.beyond);',
    caughtBy: 'transfers',
  },
  {
    words: 'A transfer beyond a gap is settled again when it comes again',
    breaks: 'I3',
    file: `${SHARD}/transfers.ts`,
    find: 'if (isSettled(record, transfer.no)) {',
    replace: 'if (transfer.no <= record.upTo) {',
    caughtBy: 'transfers',
  },
  {
    words: 'The acknowledgement of a refused transfer is taken as done',
    breaks: 'I1, I2',
    file: `${SHARD}/transfers.ts`,
    find: 'const refused = ack.refused.includes(no);',
    replace: 'const refused = ack.refused.includes(no) && no > ack.upTo;',
    caughtBy: 'transfers',
    world: 'tight',
  },
  {
    words: 'A target enqueues what it refuses, and its origin takes it back',
    breaks: 'I3',
    file: `${SHARD}/transfers.ts`,
    find: 'else refuseTransfer(draft, transfer, why);',
    replace:
      'else {\n    refuseTransfer(draft, transfer, why);\n    for (const { bodies, ...slice } of transfer.slices) if (!bodies) enqueue(draft, slice);\n  }',
    caughtBy: 'I3',
    world: 'tight',
  },
  {
    words: 'A transfer that was seen before is not acknowledged again',
    breaks: 'I9',
    file: `${SHARD}/transfers.ts`,
    find: '    oweAck(draft, transfer.from);\n    setRecord(draft, transfer.from, forget(record, settledUpTo));',
    replace: '    setRecord(draft, transfer.from, forget(record, settledUpTo));',
    caughtBy: 'stuck',
  },
  {
    words: 'Attempts begin anew in the shard that takes a transfer',
    breaks: 'I1',
    file: `${SHARD}/transfers.ts`,
    find: 'enqueue(draft, { ...slice, page, avoidNode: null }, transfer.sentAtMs + linkMs);',
    replace:
      'enqueue(draft, { ...slice, page, avoidNode: null, attempt: 1 }, transfer.sentAtMs + linkMs);',
    caughtBy: 'I1',
  },
  {
    words: 'Continue-as-new leaves the record of received transfers behind',
    breaks: 'I3',
    file: 'fabric/simulate/actor.ts',
    find: '    this.state = throughJson(this.state);\n',
    replace:
      "    const { state } = this as { state: object };\n    this.state = throughJson('received' in state ? { ...state, received: {} } : state) as State;\n",
    caughtBy: 'transfers',
  },
];

const PLANS: readonly PlantedBug[] = [
  {
    words: "The planner looks at the target's limit and forgets the latency budget",
    breaks: 'I4',
    file: `${ORCHESTRATOR}/plan.ts`,
    find: 'if (inBudget > 0) return Math.min(headroom, inBudget);',
    replace: 'if (inBudget > 0) return headroom;',
    caughtBy: 'I4',
  },
  {
    words: 'The planner does not count orders on their way to a target',
    breaks: 'I4',
    file: `${ORCHESTRATOR}/plan.ts`,
    find: 'for (const { to, jobs } of input.openOrders) incoming[to] = (incoming[to] ?? 0) + jobs;',
    replace: '',
    caughtBy: 'I4',
  },
  {
    words: 'The planner orders away again what it has ordered already',
    breaks: 'I4',
    file: `${ORCHESTRATOR}/plan.ts`,
    find: 'const queued = report.queued - report.shedding - ordered - planned;',
    replace: 'const queued = report.queued - report.shedding - planned;',
    caughtBy: 'I4',
  },
  {
    words: 'Jobs are moved to a paused shard',
    breaks: 'I4',
    file: `${ORCHESTRATOR}/plan.ts`,
    find: "if (target.paused) return refuse(reason('target-paused', { target: to }));",
    replace: "if (target.paused) refuse(reason('target-paused', { target: to }));",
    caughtBy: 'I4',
  },
  {
    words: 'A shard that moves an order in several transfers forgets what it has moved of it',
    breaks: 'I4',
    file: `${SHARD}/transfers.ts`,
    find: 'const room = Math.min(order.jobs - moved, excess, LIMITS.transferJobsMax);',
    replace: 'const room = Math.min(order.jobs, excess, LIMITS.transferJobsMax);',
    caughtBy: 'I4',
    world: 'tight',
  },
  {
    words: 'An order that comes a second time is carried out a second time',
    breaks: 'I4',
    file: `${SHARD}/transfers.ts`,
    find: 'if (order.plan <= state.planSeen) return;',
    replace: 'if (order.plan < state.planSeen) return;',
    caughtBy: 'I4',
  },
];

const COMMANDS: readonly PlantedBug[] = [
  {
    words: 'A shard leases while either switch is on, not both',
    breaks: 'I5',
    file: `${SHARD}/draft.ts`,
    find: 'return state.switches.fabric && state.switches.shard && state.closingAtMs === null;',
    replace:
      'return (state.switches.fabric || state.switches.shard) && state.closingAtMs === null;',
    caughtBy: 'I5',
  },
  {
    words: "A resume of one shard clears the fabric's pause there too",
    breaks: 'I5',
    file: `${SHARD}/commands.ts`,
    find: 'return resume(draft, { ...state.switches, shard: true });',
    replace: 'return resume(draft, { fabric: true, shard: true });',
    caughtBy: 'I5',
  },
  {
    words: "A resume of all clears the fabric's switch and leaves the shard's own",
    breaks: 'I9',
    file: `${SHARD}/commands.ts`,
    find: 'return resume(draft, { fabric: true, shard: true });',
    replace: 'return resume(draft, { ...state.switches, fabric: true });',
    caughtBy: 'stuck',
  },
  {
    words: 'Continue-as-new forgets that the shard is paused',
    breaks: 'I5',
    file: 'fabric/simulate/actor.ts',
    find: '    this.state = throughJson(this.state);\n',
    replace:
      "    const { state } = this as { state: object };\n    const on = { fabric: true, shard: true };\n    this.state = throughJson('switches' in state ? { ...state, switches: on } : state) as State;\n",
    caughtBy: 'I5',
  },
  {
    words: 'The orchestrator carries out a command again that comes again under its id',
    breaks: 'I7',
    file: `${ORCHESTRATOR}/commands.ts`,
    find: "    note(draft, reason('duplicate-command', { commandId }));\n    return false;",
    replace: "    note(draft, reason('duplicate-command', { commandId }));",
    caughtBy: 'I7',
  },
  {
    words: 'A shard remembers only the last command, and carries out an older one again',
    breaks: 'I7',
    file: `${SHARD}/commands.ts`,
    find: 'const known = state.commands.find(',
    replace: 'const known = state.commands.slice(-1).find(',
    caughtBy: 'I7',
  },
  {
    words: 'A command is applied when all shards but one have answered',
    breaks: 'I7',
    file: `${ORCHESTRATOR}/relays.ts`,
    find: 'const isLast = Object.keys(waiting).length === 0;',
    replace: 'const isLast = Object.keys(waiting).length <= 1;',
    caughtBy: 'I7',
  },
  {
    words: 'The pause of one shard is relayed to all',
    breaks: 'I7',
    file: `${ORCHESTRATOR}/addressing.ts`,
    find: "return toOne('pause');",
    replace: "return toAll('pause');",
    caughtBy: 'I7',
  },
  {
    words:
      'A command about a node is relayed to all shards, since those without that node refuse it',
    breaks: 'I7',
    file: `${ORCHESTRATOR}/addressing.ts`,
    find: `return {
        relayed: { [shardOf(draft.state, rest.node!)!]: command(name, rest) },
        refusedJobs: [],
      };`,
    replace: 'return toAll(name);',
    caughtBy: 'I7',
  },
  {
    words: 'A refusal is told to the owner and not recorded',
    breaks: 'I7',
    file: `${ORCHESTRATOR}/commands.ts`,
    find: "    effect: 'Nothing changed.',\n  });\n  logOutcome(draft, commandId);",
    replace: "    effect: 'Nothing changed.',\n  });",
    caughtBy: 'I7',
  },
  {
    words: 'A command without an answer is recorded as unconfirmed at every look',
    breaks: 'I7',
    file: `${ORCHESTRATOR}/relays.ts`,
    find: "if (record?.outcome !== 'received') return false;",
    replace: 'if (!record) return false;',
    caughtBy: 'I7',
    world: 'tight',
  },
];

const LEDGER: readonly PlantedBug[] = [
  {
    words: 'The head of the chain is kept from the first append on',
    breaks: 'hash chain',
    file: 'fabric/ledger.ts',
    find: 'return { ...ledger, backlog: kept, appending: 0, head, stuck: null };',
    replace:
      'return { ...ledger, backlog: kept, appending: 0, head: ledger.head || head, stuck: null };',
    caughtBy: 'append',
    world: 'files',
  },
  {
    words: 'A group that is appended again after continue-as-new has grown since',
    breaks: 'hash chain',
    file: 'fabric/ledger.ts',
    find: 'return isWaiting ? [] : backlog.slice(0, appending);',
    replace: 'return isWaiting || appending === 0 ? [] : backlog;',
    caughtBy: 'append',
    world: 'files',
  },
  {
    words: 'Entries that find the backlog full are dropped',
    breaks: 'I1, I2',
    file: 'fabric/ledger.ts',
    find: '  const entry = { seq: ledger.nextSeq, at, ...event } as LedgerEntry;\n',
    replace:
      '  if (isBehind(ledger)) return ledger;\n  const entry = { seq: ledger.nextSeq, at, ...event } as LedgerEntry;\n',
    caughtBy: 'I2',
    world: 'tight',
  },
  {
    words: 'An append is taken as done up to its last entry but one',
    breaks: 'hash chain',
    file: 'fabric/ledger.ts',
    find: 'ledger.backlog.filter((entry) => entry.seq > throughSeq);',
    replace: 'ledger.backlog.filter((entry) => entry.seq >= throughSeq);',
    caughtBy: 'stuck',
  },
];

/** In the shell and not in the core, so that no simulation runs it. */
export const AWAIT_BUG: PlantedBug = {
  words: 'Signals under way are counted by `-=` across an await, so that counts are lost',
  breaks: 'I9',
  file: 'workflows/sending.ts',
  find: `    void sent.then(
      () => (this.#open -= 1),
      () => (this.#open -= 1),
    );`,
  replace: `    const taken = sent.then(
      () => 1,
      () => 1,
    );
    void (async () => {
      this.#open -= await taken;
    })();`,
  caughtBy: 'test',
};

const CHECKPOINT = 'fabric/checkpoint';

const CHECKPOINTS: readonly PlantedBug[] = [
  {
    words: 'A snapshot is taken right after the message that asks for it, and not before',
    breaks: 'I2',
    file: `${CHECKPOINT}/cut.ts`,
    find: '  const before = at > 0 ? decide(state, events.slice(0, at)) : null;\n  const cut = takeCut(before?.state ?? state, events[at]!.epoch!);\n  const after = acrossCuts(cut.state, events.slice(at), decide);',
    replace:
      '  const before = decide(state, events.slice(0, at + 1));\n  const cut = takeCut(before.state, events[at]!.epoch!);\n  const after = acrossCuts(cut.state, events.slice(at + 1), decide);',
    caughtBy: 'cut',
  },
  {
    words: 'A transfer leaves at once, though the ledger does not hold it yet',
    breaks: 'I1, I3',
    file: `${SHARD}/transfers.ts`,
    find: 'if (entry.sends === 0 ? !isOnDisk(state.ledger, entry.seq) : waits) return entry;',
    replace: 'if (entry.sends > 0 && waits) return entry;',
    world: 'rebuilt',
    caughtBy: 'throws',
  },
  {
    words: 'A rebuilt shard goes on with the lease numbers of its checkpoint',
    breaks: 'I1',
    file: `${CHECKPOINT}/shard-tail.ts`,
    find: 'lease: Math.max(state.next.lease, number + 1)',
    replace: 'lease: state.next.lease',
    caughtBy: 'fences',
  },
  {
    words: 'What ended after the checkpoint is queued again when the fabric is rebuilt',
    breaks: 'I1',
    file: `${CHECKPOINT}/shard-tail.ts`,
    find: "    case 'outcome':\n      return outcome(draft, entry);",
    replace: "    case 'outcome':\n      return requeueLease(draft, entry, 'rebuilt');",
    caughtBy: 'I1',
  },
  {
    words:
      'Without its ledger a fabric goes on with its queues; what was between two shards is left out',
    breaks: 'I2',
    file: `${CHECKPOINT}/fork.ts`,
    find: '  for (const draft of drafts.values()) arriveAll(draft, drafts);\n',
    replace: '  for (const draft of drafts.values()) draft.state.outbox = [];\n',
    caughtBy: 'I2',
    world: 'forked',
  },
  {
    words:
      'A forked chain begins with the jobs that wait; those that were with a node are forgotten',
    breaks: 'I2',
    file: `${CHECKPOINT}/fork.ts`,
    find: 'for (const lease of draft.state.leases) loseLease(draft, lease, ENGINE_LOST, false);',
    replace: 'draft.state.leases = [];',
    caughtBy: 'I2',
    world: 'forked',
  },
  {
    words: 'A forked chain begins its feeds again, so that no job of theirs is missed',
    breaks: 'I1',
    file: `${CHECKPOINT}/fork.ts`,
    find: '  logOpening(draft);\n  // What',
    replace:
      '  logOpening(draft);\n  state.feeds = state.feeds.map((feed) => ({ ...feed, cursor: 0 }));\n  // What',
    caughtBy: 'I1',
    world: 'forked',
  },
];

export const PLANTED_BUGS: readonly PlantedBug[] = [
  ...ACCEPTANCE,
  ...LEASES,
  ...TRANSFERS,
  ...PLANS,
  ...COMMANDS,
  ...LEDGER,
  ...CHECKPOINTS,
];
