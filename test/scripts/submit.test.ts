// What `submit` says: its help shows jobs that run on the default `up`, and jobs that no node can do yet
// are not accepted in silence. The fabric behind it is a fake.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { NodeReport } from '../../fabric/messages.ts';
import { main } from '../../scripts/cli.ts';
import type { JobToSubmit, OwnerConsole } from '../../scripts/owner-console.ts';
import { checkLines } from '../../scripts/submission.ts';
import { waitingLines } from '../../scripts/waiting-jobs.ts';
import type { FakePlace } from './fake-place.ts';
import { fakePlace } from './fake-place.ts';
import { sampleShard, sampleStatus } from './sample-status.ts';

let place: FakePlace;

beforeEach(() => {
  place = fakePlace(mkdtempSync(join(tmpdir(), 'submit-')));
});

afterEach(() => rmSync(place.folder, { recursive: true, force: true }));

const node = (skills: string[], state = 'ready') =>
  ({ state, spec: { skills } }) as unknown as NodeReport;
const policy = { ...sampleShard('any').policy, spillTargets: ['mars'] };
const status = sampleStatus({
  shards: {
    luna: sampleShard('luna', { nodes: [node([]), node(['lift'], 'lost')], policy }),
    mars: sampleShard('mars', { nodes: [node(['imaging', 'lift'])] }),
    edge: sampleShard('edge', { nodes: [node([])] }),
  },
});

test('the jobs of the help need no skill that a node of the default `up` has not', async () => {
  expect(await main(['submit', '--help'], place)).toBe(0);
  const lines = place.printed.out.split('\n').filter((line) => line.trim().startsWith('{'));
  const jobs = await checkLines(lines, 'help');
  expect(jobs.length).toBeGreaterThan(1);
  const up = JSON.parse(
    readFileSync(new URL('../../config/scenarios/up.json', import.meta.url), 'utf8'),
  ) as {
    nodes: { skills?: string[] }[];
    shards: Record<string, unknown>;
  };
  const known = new Set(up.nodes.flatMap(({ skills = [] }) => skills));
  expect(jobs.flatMap(({ skills = [] }) => skills.filter((skill) => !known.has(skill)))).toEqual(
    [],
  );
  for (const { shard } of jobs) if (shard !== undefined) expect(up.shards).toHaveProperty(shard);
});

test.each<[string, Partial<JobToSubmit>, boolean]>([
  ['needs no skill is not noted', { shard: 'edge' }, false],
  ['needs what a node of its shard has is not noted', { shard: 'mars', skills: ['lift'] }, false],
  ['needs what a spill target has is not noted', { shard: 'luna', skills: ['imaging'] }, false],
  [
    'names no shard and needs what some node has is not noted',
    { skills: ['imaging', 'lift'] },
    false,
  ],
  [
    'needs what only a shard out of reach has is noted',
    { shard: 'edge', skills: ['imaging'] },
    true,
  ],
  ['needs what nobody has is noted', { skills: ['lift', 'welding'] }, true],
])('a job that %s', (_, job, waits) => {
  const lines = waitingLines([{ id: 'a', kind: 'k', ...job }], ['a'], status);
  expect(lines).toHaveLength(waits ? 1 : 0);
});

test('a lost node does no job, and many jobs that wait make one line a set of skills', () => {
  const jobs = ['a', 'b', 'c', 'd', 'e'].map((id) => ({ id, kind: 'k', skills: ['y', 'x'] }));
  const alone = { shards: { luna: sampleShard('luna', { nodes: [node(['x', 'y'], 'lost')] }) } };
  const others = [{ id: 'f', kind: 'k', skills: ['z'] }];
  expect(waitingLines([...jobs, ...others], ['a', 'b', 'c', 'd', 'f'], alone)).toEqual([
    'no node in reach has the skills x, y now: a, b, c and 1 more wait until one joins',
    'no node in reach has the skills z now: f waits until one joins',
  ]);
});

test('accepted jobs that wait for a node are noted beside the answer', async () => {
  writeFileSync(
    join(place.folder, 'j.ndjson'),
    '{"id":"a","kind":"k","skills":["welding"]}\n{"id":"b","kind":"k"}\n',
  );
  const console = {
    submit: () => Promise.resolve({ outcome: 'applied', answers: [{ accepted: ['a', 'b'] }] }),
    snapshot: () => Promise.resolve({ status }),
    close: () => Promise.resolve(),
  } as unknown as OwnerConsole;
  const doors = { openConsole: () => Promise.resolve({ console, shards: ['luna'] }) };
  expect(await main(['submit', 'j.ndjson'], place, doors)).toBe(0);
  expect(place.printed.out).toBe('accepted 2, refused 0\n');
  expect(place.printed.err).toBe(
    'note: no node in reach has the skills welding now: a waits until one joins\n',
  );
});
