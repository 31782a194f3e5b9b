/**
 * The audit is worth what it catches. Every planted bug is put into a copy of the core, drawn missions are
 * run with it, and what they leave behind is audited by the very function that `audit verify` calls. The
 * core as it is holds on the same missions.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import prettier from 'prettier';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHECKS, type CheckName } from '../../../audit/findings.ts';
import { verifyRun } from '../../../audit/verify-run.ts';
import type { SimulationOrder } from '../../../fabric/simulate/simulate.ts';
import { runFiles } from '../../../reporting/run-files.ts';
import type { RunRecords } from '../../../reporting/records.ts';
import { recordRun, type RecordedRun } from '../simulated-ledger.ts';
import { writeRun } from '../written-run.ts';
import { AWAIT_BUG, PLANTED_BUGS, type PlantedBug } from './bugs.ts';
import { CoreCopies, edited, type Core, type Edit } from './core-copy.ts';
import { calmOrder, drawMissions, roughOrder, TIGHT } from './worlds.ts';

const SEED = Number(process.env['FABRIC_TEST_SEED'] ?? 20_180_206);
/** The core as it is holds on so many; a bug that none of the rest shows either is not caught. */
const MISSIONS = 1_000;
const MISSIONS_MAX = 3_000;
/** Each of these is written and synced. */
const MISSIONS_ON_DISK = 100;

/** Of one bug: seconds, and minutes on a machine that has slowed down. */
const TEST_MS_MAX = 200_000;

type Caught = PlantedBug['caughtBy'];

const ALL_BUGS = [...PLANTED_BUGS, AWAIT_BUG];

const copies = new CoreCopies();
const folder = mkdtempSync(join(tmpdir(), 'planted-runs-'));
const missions = drawMissions(SEED, MISSIONS_MAX);
const caught: string[] = [];
let asItIs: Core;
let tight: Core;

beforeAll(async () => {
  asItIs = await copies.load([]);
  tight = await copies.load(TIGHT);
});

afterAll(() => {
  copies.remove();
  rmSync(folder, { recursive: true, force: true });
});

/** Everything that is wrong with one run of that core; nothing for one that did no work. */
async function faults(core: Core, at: number, world: PlantedBug['world']): Promise<Caught[]> {
  const order = roughOrder(missions[at]!, world);
  const recorded = record(core, order);
  if (recorded === 'throws') return ['throws'];
  const closed = recorded.run.ended === 'closed';
  const stuck: Caught[] = [
    ...(closed ? [] : ['stuck' as const]),
    ...(recorded.run.checkpointProblems.length > 0 ? ['cut' as const] : []),
  ];
  const records = world === 'files' ? await onDisk(recorded) : recorded.records;
  if (records === null) return [...stuck, 'append'];
  const { checks } = await verifyRun(records, { mustBeClosed: closed, isWhole: true });
  const failed = checks.filter(({ held, name }) => !held && name !== 'work');
  return [...stuck, ...failed.map(({ name }) => name)];
}

/** I6: the run undisturbed and with the bug, against the same with the core as it is. */
async function differs(core: Core, at: number): Promise<Caught[]> {
  const order = calmOrder(missions[at]!);
  const against = recordRun(asItIs.simulate, order).records;
  const { checks } = await verifyRun(recordRun(core.simulate, order).records, { against });
  return checks.filter(({ held, name }) => !held && name !== 'work').map(({ name }) => name);
}

function record(core: Core, order: SimulationOrder): RecordedRun | 'throws' {
  try {
    return recordRun(core.simulate, order);
  } catch {
    return 'throws';
  }
}

/** Null where the ledger refused an append. */
async function onDisk(recorded: RecordedRun): Promise<RunRecords | null> {
  const run = mkdtempSync(join(folder, 'run-'));
  const folders = { ledger: join(run, 'ledger'), results: join(run, 'results') };
  try {
    await writeRun(recorded, folders);
    return runFiles(folders);
  } catch {
    return null;
  }
}

/** The engine's part of the shell, for signals that are all taken at the next turn. */
const ENGINE: Edit = {
  file: 'workflows/sending.ts',
  find: "import * as wf from '@temporalio/workflow';",
  replace:
    'const wf = { getExternalWorkflowHandle: (_: string) => ({ signal: async (..._all: unknown[]) => {} }) };',
};

/** Signals that count as under way when so many were sent side by side and all were taken. */
async function openAfter(signals: number, edits: readonly Edit[]): Promise<number> {
  const { Sending } = (await copies.loadFile('workflows/sending.ts', [
    ENGINE,
    ...edits,
  ])) as typeof import('../../../workflows/sending.ts');
  const sending = new Sending();
  for (let i = 0; i < signals; i++) sending.send(`anyone-${i}`, { kind: 'ask', epoch: 0 });
  sending.flush();
  expect(sending.open).toBe(signals);
  await new Promise((resolve) => setImmediate(resolve));
  return sending.open;
}

const tried = (world: PlantedBug['world'], most: number): number =>
  world === 'files' ? MISSIONS_ON_DISK : most;

describe('the core as it is', () => {
  it.each([[undefined], ['tight'], ['files'], ['forked'], ['rebuilt']] as const)(
    'holds on every mission of the world %s',
    { timeout: TEST_MS_MAX },
    async (world) => {
      for (let at = 0; at < tried(world, MISSIONS); at++) {
        const core = world === 'tight' ? tight : asItIs;
        expect(await faults(core, at, world), `mission ${at}`).toEqual([]);
      }
    },
  );

  it('comes to the same outcomes as itself', async () => {
    for (let at = 0; at < 50; at++) expect(await differs(asItIs, at)).toEqual([]);
  });
});

describe('planted bugs', () => {
  it.each(PLANTED_BUGS.map((bug, no) => [bug.words, bug, no] as const))(
    '%s',
    { timeout: TEST_MS_MAX },
    async (_, bug) => {
      const { world, caughtBy } = bug;
      const core = await copies.load([...(world === 'tight' ? TIGHT : []), bug]);
      const seen = new Map<Caught, number>();
      for (let at = 0; at < tried(world, MISSIONS_MAX) && !seen.has(caughtBy); at++) {
        const found = caughtBy === 'I6' ? await differs(core, at) : await faults(core, at, world);
        for (const each of found) if (!seen.has(each)) seen.set(each, at + 1);
      }
      expect([...seen.keys()], `caught by ${[...seen].join(' ')}`).toContain(caughtBy);
      caught.push(bug.words);
    },
  );

  it(AWAIT_BUG.words, async () => {
    expect(await openAfter(10, [])).toBe(0);
    expect(await openAfter(10, [AWAIT_BUG])).not.toBe(0);
    caught.push(AWAIT_BUG.words);
  });

  it('are all caught', () => {
    console.log(`${caught.length} of ${ALL_BUGS.length} planted bugs caught (seed ${SEED})`);
    expect(caught).toHaveLength(ALL_BUGS.length);
    expect(ALL_BUGS.length).toBeGreaterThanOrEqual(25);
  });

  it('break every invariant that an audit checks, and an edit that does not fit is no bug', () => {
    const broken = PLANTED_BUGS.map(({ breaks }) => breaks).join(' ');
    for (const name of ['I1', 'I2', 'I3', 'I4', 'I5', 'I6', 'I7']) expect(broken).toContain(name);
    const checks = new Set(PLANTED_BUGS.map(({ caughtBy }) => caughtBy));
    // A chain that would not hold together is refused by the ledger when it is appended to.
    const wanted: Caught[] = ['I1', 'I2', 'I3', 'I4', 'I5', 'I6', 'I7', 'append', 'fences'];
    expect(wanted.filter((check) => !checks.has(check))).toEqual([]);
    const edit = { file: 'a.ts', find: 'x', replace: 'y' };
    expect(() => edited('a b', edit)).toThrow('found 0 times');
    expect(() => edited('x x', edit)).toThrow('found 2 times');
  });

  it('stand in the documents, each with what caught it', async () => {
    const written = join(import.meta.dirname, '../../../docs/deep-dives/planted-bugs.md');
    await expect(await document()).toMatchFileSnapshot(written);
  });
});

const CATCHERS: Readonly<Record<Exclude<Caught, CheckName>, string>> = {
  stuck: 'the run never ends (I9)',
  throws: 'the core stops at a state that cannot be',
  append: 'the ledger refuses the append',
  cut: 'the jobs of a checkpoint do not balance',
  test: 'a test of its own',
};

async function document(): Promise<string> {
  const rows = ALL_BUGS.map(({ words, breaks, caughtBy, file }) => {
    const catcher =
      caughtBy in CATCHERS
        ? CATCHERS[caughtBy as keyof typeof CATCHERS]
        : `\`audit verify\`, ${/^I\d/.test(caughtBy) ? `${caughtBy}: ` : ''}${CHECKS[caughtBy as CheckName]}`;
    return `| ${words} | ${breaks} | \`${file}\` | ${catcher} |`;
  });
  const text = `# Planted bugs

A checker that can't fail is worth nothing. Each of these bugs is put into a copy of the core by
\`test/audit/planted\`, as the edit of a few words that a careful engineer might make; missions drawn from a
seed, with lost, doubled and late messages, lost and silent nodes, kills and owner commands, are run with it; and what they leave
behind is handed to the function behind \`planetary-fabric audit verify\`. The core as it is holds on the
same missions. An edit that no longer fits the source fails the test.
The one bug outside the core has a test of its own there.

The test writes this table (\`npx vitest run test/audit/planted -u\`) and fails when it differs.

| Bug | Breaks | Where | Caught by |
| --- | --- | --- | --- |
${rows.join('\n')}
`;
  return await prettier.format(text, { parser: 'markdown' });
}
