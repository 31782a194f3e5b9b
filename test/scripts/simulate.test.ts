// A mission in virtual time from the command line: the same every time, the same outcomes as nodes at
// work would have, every refusal before anything is written.
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { simulatedAdapter } from '../../activities/adapters/simulated.ts';
import { FeedReaders } from '../../activities/feed/index.ts';
import type { RunSpec } from '../../fabric/mission/run-spec.ts';
import { reportSchema, type Report } from '../../reporting/schema.ts';
import { main } from '../../scripts/cli.ts';
import { loadMission } from '../../scripts/mission/load.ts';
import { simulateMission } from '../../scripts/simulate.ts';
import { readMissionJobs } from '../../scripts/simulated-jobs.ts';
import { runAdapter } from '../activities/adapters/run-adapter.ts';
import { sample } from '../mission/sample.ts';
import type { FakePlace } from './fake-place.ts';
import { fakePlace } from './fake-place.ts';

let place: FakePlace;

beforeEach(() => {
  place = fakePlace(mkdtempSync(join(tmpdir(), 'simulate-')));
});

afterEach(() => rmSync(place.folder, { recursive: true, force: true }));

async function type(line: string): Promise<number> {
  place.printed.out = '';
  place.printed.err = '';
  return await main(line.split(' '), place);
}

function write(name: string, content: unknown): void {
  const text = typeof content === 'string' ? content : JSON.stringify(content);
  writeFileSync(join(place.folder, name), text);
}

function ndjson(lines: readonly object[]): string {
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('');
}

const printedReport = (): Report => reportSchema.parse(JSON.parse(place.printed.out));
const loaded = async (name: string): Promise<RunSpec> =>
  (await loadMission(name, {}, { workingFolder: place.folder })).spec;

/** Jobs that fail often, on two shards, with more than the first one can hold. */
const failing = sample({
  policy: { attemptsMax: 2 },
  blueprints: [
    { shard: 'earth', kind: 'box', count: 60, durationMs: 2, failureRate: 0.5 },
    { shard: 'luna', kind: 'crate', count: 30, failureRate: 0.3, skills: [] },
  ],
});

describe('a run in virtual time', () => {
  test('is the same to the letter when it is asked for again, and takes seconds', async () => {
    const startedMs = performance.now();
    expect(await type('simulate k2-benchmark --jobs 1000 --json')).toBe(0);
    expect(performance.now() - startedMs).toBeLessThan(5_000);
    const first = place.printed.out;
    expect(printedReport()).toMatchObject({
      scenario: 'k2-benchmark',
      engine: { kind: 'virtual' },
      jobs: { submitted: 1_000, queued: 0, leased: 0, inTransit: 0 },
    });
    expect(await type('simulate k2-benchmark --jobs 1000 --json')).toBe(0);
    expect(place.printed.out).toBe(first);
    expect(await type('simulate k2-benchmark --jobs 1000 --json --seed 3')).toBe(0);
    expect(printedReport().outcomeDigest).not.toBe(JSON.parse(first).outcomeDigest);
  });

  test('says that it carries out no fault, and which it leaves out', async () => {
    const faults = [
      { kind: 'kill-node', at: 0 },
      { kind: 'kill-node', share: 0.5 },
      { kind: 'cut-network', outcomes: 3 },
    ];
    write('faults.json', sample({ faults }));
    expect(await type('simulate faults.json --json')).toBe(0);
    expect(place.printed.err).toContain(
      'note: no fault is carried out in virtual time: kill-node, cut-network\n',
    );
    expect(printedReport()).toMatchObject({ faults: [], faultsNotDone: [], problems: [] });
  });

  test('comes to the outcomes that the adapter of simulated jobs draws', async () => {
    write('failing.json', failing);
    const spec = await loaded('failing.json');
    const { report, run } = await simulateMission(spec);
    expect(run.ended).toBe('closed');
    expect(report.problems).toEqual([]);
    expect(report.jobs.failed).toBeGreaterThan(5);
    expect(report.outcomeDigest).toBe(await drawnDigest(spec));
  });

  test('says in words what was simulated and how it went, shard by shard', async () => {
    write('failing.json', { ...failing, gates: { failureRate: 0.9 } });
    expect(await type('simulate failing.json')).toBe(0);
    const { out } = place.printed;
    expect(out).toContain(
      'Simulated in virtual time: sample, 90 jobs on 2 shards and 2 nodes, seed 1.',
    );
    expect(out).toMatch(/of virtual time in \d+ decisions; that took .+ here\./);
    expect(out).toMatch(/Shard +completed +failed +refused +queue max +spilled out/);
    expect(out).toMatch(/^earth( +[\d,]+){7}$/m);
    expect(out).toContain('a real run of this mission and seed comes to the same outcomes');
    expect(out).toMatch(/Passed: .*\d+ of 90 jobs completed, \d+ failed/);
    expect(await type('simulate failing.json --quiet')).toBe(0);
    expect(place.printed.out).toMatch(/^Passed: /);
  });

  test('ends with 1 when a gate fails', async () => {
    write('failing.json', { ...failing, gates: { failureRate: 0.001 } });
    expect(await type('simulate failing.json')).toBe(1);
    expect(place.printed.out).toContain('NOT HELD');
  });

  test('ends with 1 when it would never end, and says what is left and where', async () => {
    const timeline = [{ at: 0, command: 'pauseShard', args: { shard: 'earth' } }];
    const earth = { spilloverLimit: 10 };
    write('paused.json', sample({ timeline, shards: { earth, luna: {} }, nodes: sample().nodes }));
    expect(await type('simulate paused.json')).toBe(1);
    expect(place.printed.out).toMatch(
      /Stuck: after .+ nothing more happens, with 30 jobs not ended/,
    );
    expect(place.printed.out).toContain(
      'Earth: 30 waiting, 0 leased, 0 in transit; paused, 1 ready node',
    );
  });

  test('ends jobs that run over the time of their lease, as a node does', async () => {
    const long = { shard: 'earth', kind: 'box', count: 3, durationMs: 9_000 };
    write('long.json', sample({ policy: { leaseTimeoutMs: 5_000 }, blueprints: [long] }));
    expect(await type('simulate long.json --json')).toBe(0);
    expect(printedReport()).toMatchObject({ jobs: { failed: 3 }, problems: [] });
  });

  test('waits for commands and jobs that come late', async () => {
    const timeline = [
      { at: 0, command: 'pauseAll' },
      { at: '12h', command: 'resumeAll' },
    ];
    write('late.json', sample({ timeline }));
    expect(await type('simulate late.json --json')).toBe(0);
    expect(printedReport().timings.durationMs).toBeGreaterThanOrEqual(12 * 3_600_000);
  });
});

describe('feeds', () => {
  test('are handed out in the pages of their own readers', async () => {
    const lines = Array.from({ length: 700 }, (_, i) => ({
      id: `job-${i}`,
      kind: `kind-${Math.floor(i / 7) % 90}`,
      value: i % 2,
    }));
    write('feed.ndjson', ndjson(lines));
    const source = { type: 'ndjson', path: 'feed.ndjson' };
    write('mission.json', sample({ feeds: [{ id: 'lines', shard: 'earth', source }] }));
    const spec = await loaded('mission.json');
    const jobs = await readMissionJobs(spec);
    const readers = new FeedReaders();
    for (const feed of spec.feeds) {
      const reader = await readers.open(feed);
      for (const [from, count] of [
        [0, 5_000],
        [0, 3],
        [13, 100],
        [650, 200],
        [feed.total - 1, 10],
      ] as const) {
        expect(jobs.page(feed, from, count)).toEqual(await reader.page(from, count));
      }
    }
  });

  test('of files and jobs by hand end as their payloads say on simulated nodes', async () => {
    const lines = [0, 1, 2, 3].map((i) => ({
      id: `job-${i}`,
      kind: 'k',
      payload: i < 3 ? { failureRate: 1 } : 'anything',
    }));
    write('feed.ndjson', ndjson(lines));
    const source = { type: 'ndjson', path: 'feed.ndjson' };
    const byHand = [
      { id: 'a', shard: 'luna', kind: 'k', payload: { failureRate: 1 } },
      { id: 'b', shard: 'luna', kind: 'k' },
    ];
    write(
      'mission.json',
      sample({
        blueprints: [],
        feeds: [{ id: 'lines', shard: 'earth', source }],
        timeline: [{ at: 0, command: 'submitJobs', args: { jobs: byHand } }],
        gates: { failureRate: 1 },
      }),
    );
    expect(await type('simulate mission.json --json')).toBe(0);
    const { shards, problems } = printedReport();
    expect(problems).toEqual([]);
    const sums = Object.values(shards).map(({ jobs }) => [jobs.completed, jobs.failed]);
    expect(sums.reduce((a, b) => [a[0]! + b[0]!, a[1]! + b[1]!])).toEqual([2, 4]);
  });

  test('of real agents succeed, and it is said that their results are not computed', async () => {
    expect(await type('simulate edge-relief --jobs 200')).toBe(0);
    expect(place.printed.out).toContain('Results of real agents are not computed ("earthquake")');
    expect(place.printed.out).toContain('200 of 200 jobs completed, 0 failed');
    expect(readdirSync(place.folder)).toEqual([]);
  });
});

describe('nothing is written', () => {
  test('unless it is exported, and then that file alone', async () => {
    write('mission.json', sample());
    expect(await type('simulate mission.json')).toBe(0);
    expect(readdirSync(place.folder)).toEqual(['mission.json']);
    expect(await type('simulate mission.json --json --export out/what-if.json')).toBe(0);
    const exported = readFileSync(join(place.folder, 'out', 'what-if.json'), 'utf8');
    expect(exported).toBe(place.printed.out);
    expect(readdirSync(place.folder).toSorted()).toEqual(['mission.json', 'out']);
  });

  test.each([
    ['simulate up', 'up: found a mission of mode "service", which has no end to simulate'],
    ['simulate nowhere.json', 'nowhere.json: found no such file'],
    ['simulate broken.json --export out/r.json', 'shards.luna.spilloverLimit: found -1'],
    ['simulate good.json --jobs 0', '--jobs: found 0'],
    ['simulate good.json --export good.json/r.json', "can't be written"],
    ['simulate', "missing required argument 'file'"],
    ['simulat good.json', "unknown command 'simulat'; did you mean simulate?"],
  ])('by what is refused with 2: %s', async (line, says) => {
    write('good.json', sample());
    write('broken.json', sample({ shards: { earth: {}, luna: { spilloverLimit: -1 } } }));
    expect(await type(line)).toBe(2);
    expect(place.printed.err).toContain(says);
    expect(place.printed.out).toBe('');
    expect(existsSync(join(place.folder, 'reports'))).toBe(false);
    expect(readdirSync(place.folder).toSorted()).toEqual(['broken.json', 'good.json']);
  });

  test('by a feed of another format, which is turned into jobs elsewhere', async () => {
    const geometry = { type: 'Point', coordinates: [121.7, 24.1, 10] };
    const properties = { mag: 6.4, time: 1_517_941_843_000, type: 'earthquake', place: 'Hualien' };
    const features = [{ type: 'Feature', id: 'us1', geometry, properties }];
    write('week.geojson', { type: 'FeatureCollection', features });
    const source = { type: 'geojson', path: 'week.geojson', kind: 'quake' };
    write('mission.json', sample({ feeds: [{ id: 'week', shard: 'luna', source }] }));
    expect(await type('simulate mission.json')).toBe(0);
    expect(readdirSync(place.folder).toSorted()).toEqual(['mission.json', 'week.geojson']);
  });
});

/** The digest of a mission whose every job is tried on the adapter until it succeeds or may not be again. */
async function drawnDigest({ feeds, policy }: RunSpec): Promise<string> {
  const readers = new FeedReaders();
  const digest = createHash('sha256');
  for (const feed of feeds.toSorted((a, b) => (a.id < b.id ? -1 : 1))) {
    const bodies = await (await readers.open(feed)).bodies([0, feed.total]);
    for (const [ordinal, body] of bodies.entries()) {
      const row = await drawnRow({ feed: feed.id, ordinal, body }, policy.attemptsMax);
      digest.update(`${JSON.stringify([feed.id, ordinal, ...row])}\n`);
    }
  }
  return `sha256:${digest.digest('hex')}`;
}

async function drawnRow(
  job: { feed: string; ordinal: number; body: { id: string; kind: string; payload: unknown } },
  attemptsMax: number,
): Promise<[string, number, string, string]> {
  for (let attempt = 1; ; attempt++) {
    const outcomes = await runAdapter(simulatedAdapter(100), [
      { ...job, attempt, idempotencyKey: '' },
    ]);
    const outcome = outcomes.get(0)!;
    if (outcome.status === 'completed') {
      const result = createHash('sha256').update(JSON.stringify(outcome.result)).digest('hex');
      return ['completed', attempt, '', result];
    }
    if (attempt === attemptsMax) return ['failed', attempt, outcome.code, ''];
  }
}
