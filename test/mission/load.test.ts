import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { checkMission } from '../../fabric/mission/check.ts';
import type { FeedFormats } from '../../scripts/mission/feed-files.ts';
import { loadMission, type MissionOverrides } from '../../scripts/mission/load.ts';
import { MissionError } from '../../scripts/mission/mission-error.ts';
import {
  builtInMissions,
  packageFolder,
  readMissionFile,
} from '../../scripts/mission/mission-file.ts';
import { sample } from './sample.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mission-test-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** Feed files of this test: one job a line, every line `bad` is a problem, a job a ms. */
const formats: FeedFormats = {
  inspectNdjson: (path) => {
    const lines = readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => line !== '');
    return Promise.resolve({
      total: lines.length,
      sha256: `digest of ${lines.length}`,
      curveFor: (timeScale) => lines.map((_, i) => [(i * 1000) / timeScale, i + 1] as const),
      problems: lines.flatMap((line, i) =>
        line === 'bad' ? [{ line: i + 1, found: '"bad"', expected: 'a job' }] : [],
      ),
    });
  },
  geojsonToNdjson: (text, { kind }) => ({
    ndjson: text.replaceAll('event', kind),
    problems: text.includes('bad') ? [{ line: 2, found: '"bad"', expected: 'a feature' }] : [],
  }),
};

function write(name: string, content: unknown): string {
  const text = typeof content === 'string' ? content : JSON.stringify(content);
  writeFileSync(join(folder, name), text);
  return name;
}

const load = (source: string, overrides: MissionOverrides = {}) =>
  loadMission(source, overrides, { workingFolder: folder, formats });

async function refusal(source: string, overrides: MissionOverrides = {}): Promise<string[]> {
  try {
    await load(source, overrides);
  } catch (error) {
    if (!(error instanceof MissionError)) throw error;
    expect(error.exitCode).toBe(2);
    expect(existsSync(join(folder, 'reports'))).toBe(false);
    return error.message.split('\n');
  }
  throw new Error('the mission was not refused');
}

const lines = (count: number) => Array.from({ length: count }, (_, i) => `job ${i}\n`).join('');
const fileFeed = (id: string, source: object, arrivals = {}) => ({
  id,
  shard: 'earth',
  source: { type: 'ndjson', ...source },
  ...arrivals,
});

describe('the missions that come with the package', () => {
  test('are these four', () => {
    expect(builtInMissions()).toEqual(['edge-relief', 'k2-benchmark', 'resilience-drill', 'up']);
  });

  test.each(builtInMissions())('%s has neither problems nor warnings', (name) => {
    const checked = checkMission(readMissionFile(name, folder).value);
    expect(checked).toMatchObject({ ok: true, warnings: [] });
  });

  test('k2-benchmark is 10,000 jobs over Earth, Luna and Mars, or as many as asked for', async () => {
    const { spec } = await load('k2-benchmark');
    expect(spec.feeds.map(({ shard, total }) => [shard, total])).toEqual([
      ['earth', 7000],
      ['luna', 2000],
      ['mars', 1000],
    ]);
    const scaled = await load('k2-benchmark', { jobs: 12_345, seed: 9, fabric: 'bench' });
    expect(scaled.spec.feeds.reduce((sum, { total }) => sum + total, 0)).toBe(12_345);
    expect(scaled.spec).toMatchObject({ seed: 9, fabric: 'bench', mode: 'mission' });
    expect(scaled.spec.feeds[0]!.source).toMatchObject({ type: 'synthetic', seed: 9 });
  });

  test('resilience-drill is 5,000 jobs over five shards', async () => {
    const { spec } = await load('resilience-drill');
    expect(spec.shards).toHaveLength(5);
    expect(spec.nodes).toHaveLength(10);
    expect(spec.feeds.reduce((sum, { total }) => sum + total, 0)).toBe(5000);
  });

  test('up waits for work', async () => {
    expect((await load('up')).spec).toMatchObject({ mode: 'service', feeds: [] });
  });
});

test('the example for a mission of one’s own loads as it is', async () => {
  const { spec, warnings } = await load(
    join(packageFolder(), 'config/custom-scenario.example.json'),
  );
  expect(warnings).toEqual([]);
  expect(spec.feeds.map(({ id, total }) => [id, total])).toEqual([
    ['cargo', 600],
    ['earth-blueprints', 400],
  ]);
  expect(spec.timeline.map(({ atMs, atOutcomes, name }) => [atMs, atOutcomes, name])).toEqual([
    [500, null, 'pauseShard'],
    [1500, null, 'resumeShard'],
    [null, 500, 'updateSpilloverLimit'],
  ]);
  expect(JSON.stringify(spec)).not.toContain('$comment');
});

test('a run gets an id, folders and links', async () => {
  write('m.json', sample({ timeScale: 100, gates: { failureRate: 0.02 } }));
  const now = new Date('2031-02-03T04:05:06.789Z');
  const { spec } = await loadMission('m.json', {}, { workingFolder: folder, now, formats });
  expect(spec.runId).toMatch(/^sample-20310203-040506-[0-9a-f]{4}$/);
  expect(spec.folders).toEqual({
    ledger: join(folder, 'reports/planetary-fabric/ledger', spec.runId),
    results: join(folder, 'reports/planetary-fabric/results', spec.runId),
    reports: join(folder, 'reports/planetary-fabric'),
  });
  expect(spec.shards.map(({ name, linkMs }) => [name, linkMs])).toEqual([
    ['earth', { luna: 13 }],
    ['luna', { earth: 13 }],
  ]);
  expect(spec).toMatchObject({ fabric: 'planetary-fabric', title: 'sample', seed: 1 });
  expect(spec.gates).toEqual([{ name: 'failureRate', limit: 0.02 }]);
  expect(existsSync(join(folder, 'reports'))).toBe(false);
});

test('warnings are handed on', async () => {
  write(
    'm.json',
    sample({ blueprints: [{ shard: 'luna', kind: 'x', count: 1, skills: ['fly'] }] }),
  );
  expect((await load('m.json')).warnings).toEqual([expect.stringContaining('will be refused')]);
});

describe('feed files', () => {
  test('are found beside the mission and pinned by their digest', async () => {
    mkdirSync(join(folder, 'inner'));
    write('inner/jobs.ndjson', lines(4));
    write(
      'inner/m.json',
      sample({ blueprints: [], feeds: [fileFeed('f', { path: 'jobs.ndjson' })] }),
    );
    const { spec } = await load('inner/m.json');
    const path = join(folder, 'inner/jobs.ndjson');
    expect(spec.feeds).toEqual([
      {
        id: 'f',
        shard: 'earth',
        arrivals: { mode: 'at-once' },
        source: { type: 'ndjson', path, sha256: 'digest of 4' },
        total: 4,
      },
    ]);
  });

  test('are cut by take and, over all feeds in order, by --jobs', async () => {
    write('a.ndjson', lines(4));
    const feeds = [
      fileFeed('f', { path: 'a.ndjson', take: 3 }, { arrivals: { mode: 'event-time' } }),
      fileFeed('g', { path: 'a.ndjson' }),
    ];
    write('m.json', sample({ timeScale: 10, blueprints: [], feeds }));
    const all = (await load('m.json')).spec.feeds;
    expect(all.map(({ total }) => total)).toEqual([3, 4]);
    expect(all[0]).toMatchObject({
      arrivals: { mode: 'event-time', timeScale: 10 },
      curve: [
        [0, 1],
        [100, 2],
        [200, 3],
      ],
    });
    const cut = (await load('m.json', { jobs: 2 })).spec.feeds;
    expect(cut).toMatchObject([
      {
        id: 'f',
        total: 2,
        curve: [
          [0, 1],
          [100, 2],
        ],
      },
    ]);
    expect(await refusal('m.json', { jobs: 8 })).toEqual([
      'm.json: --jobs: found 8; expected at most 7, which is what the feeds hold',
    ]);
  });

  test('of GeoJSON are written out for the run as NDJSON', async () => {
    write('a.geojson', 'event 1\nevent 2\n');
    const source = { type: 'geojson', path: 'a.geojson', kind: 'quake' };
    write('m.json', sample({ blueprints: [], feeds: [fileFeed('f', source)] }));
    const { spec } = await load('m.json');
    const path = join(spec.folders.results, 'feeds/f.ndjson');
    expect(spec.feeds[0]!.source).toEqual({ type: 'ndjson', path, sha256: 'digest of 2' });
    expect(readFileSync(path, 'utf8')).toBe('quake 1\nquake 2\n');
  });

  test('that are missing or broken are refused, all at once, and nothing is written', async () => {
    write('b.ndjson', `${lines(713)}bad\n`);
    write('c.geojson', 'event 1\nbad');
    write('d.ndjson', '');
    write('good.geojson', 'event 1\n');
    const feeds = [
      fileFeed('a', { path: 'a.ndjson' }),
      fileFeed('b', { path: 'b.ndjson' }),
      fileFeed('c', { type: 'geojson', path: 'c.geojson', kind: 'quake' }),
      fileFeed('d', { path: 'd.ndjson' }),
      fileFeed('e', { path: '.' }),
      fileFeed('f', { type: 'geojson', path: 'good.geojson', kind: 'quake' }),
    ];
    write('m.json', sample({ feeds }));
    const readable = 'a file that can be read, relative to the mission file';
    expect(await refusal('m.json')).toEqual([
      `m.json: feeds[0].source.path: found "a.ndjson", no such file; expected ${readable}`,
      'm.json: feeds[1] b.ndjson line 714: found "bad"; expected a job',
      'm.json: feeds[2] c.geojson feature 2: found "bad"; expected a feature',
      'm.json: feeds[3].source.path: found a file without a job; expected one or more',
      `m.json: feeds[4].source.path: found ".", not a file; expected ${readable}`,
    ]);
  });
});

describe('a mission file', () => {
  const choices = 'a mission file, or one of edge-relief, k2-benchmark, resilience-drill, up';

  test('that is missing is refused', async () => {
    expect(await refusal('none.json')).toEqual([
      `none.json: found no such file; expected ${choices}`,
    ]);
  });

  test('that is a folder is refused', async () => {
    expect(await refusal('.')).toEqual([`.: found a folder; expected ${choices}`]);
  });

  test('that is not JSON is refused with line and column', async () => {
    write('m.json', '{\n  "scenario": "x",\n}');
    expect(await refusal('m.json')).toEqual([
      'm.json: line 3, column 1: found "}"; expected a key in quotes',
    ]);
  });

  test('that is not UTF-8 is refused', async () => {
    writeFileSync(join(folder, 'm.json'), Buffer.from([0x7b, 0xff, 0x7d]));
    expect(await refusal('m.json')).toEqual([
      `m.json: found a file that is not UTF-8 text; expected ${choices}`,
    ]);
  });

  test('beyond a megabyte is refused with its size', async () => {
    write('m.json', `{"x":"${'x'.repeat(1_000_000)}"}`);
    expect(await refusal('m.json')).toEqual([
      'm.json: found 1,000,008 bytes; expected at most 1,000,000: larger work goes into a feed file',
    ]);
  });

  test('that grows beyond a megabyte with its defaults is refused with its size', async () => {
    const job = (i: number) => ({
      id: `j${i}`,
      shard: 'earth',
      kind: 'x',
      payload: 'x'.repeat(1500),
    });
    const args = { jobs: Array.from({ length: 440 }, (_, i) => job(i)) };
    const submit = { at: 0, command: 'submitJobs', args };
    const depot = Array.from({ length: 31 }, (_, i): [string, object] => [
      `depot-${i}`,
      { position: { xKm: 0, yKm: 0, zKm: i } },
    ]);
    const nodes = depot.map(([name]) => ({
      id: `${name}-node`,
      shard: name,
      count: 64,
      image: 'x'.repeat(128),
    }));
    const shards = Object.fromEntries([...depot, ['earth', {}]]) as object;
    write('m.json', sample({ shards, nodes, timeline: [submit] }));
    const [line] = await refusal('m.json');
    expect(line).toMatch(
      /^m.json: found 1,\d{3},\d{3} bytes with its defaults filled in; expected at most/,
    );
  });

  test('is refused together with bad options', async () => {
    write('m.json', sample({ seed: -1 }));
    expect(await refusal('m.json', { jobs: 0.5, seed: -2, fabric: 'A b' })).toEqual([
      'm.json: seed: found -1; expected a whole number from 0 to 4,294,967,295',
      'm.json: --jobs: found 0.5; expected a whole number from 1 to 10,000,000',
      'm.json: --seed: found -2; expected a whole number from 0 to 4,294,967,295',
      'm.json: --fabric: found "A b"; expected small letters, digits and hyphens, a letter first, at most 40',
    ]);
  });

  test('whose agent module is missing is refused', async () => {
    const adapter = { type: 'agent', agent: 'mine', module: 'mine.js' };
    write('m.json', sample({ nodes: [{ id: 'a', shard: 'earth', adapter }] }));
    expect(await refusal('m.json')).toEqual([
      'm.json: nodes[0].adapter.module: found "mine.js", no such file; expected a module, relative to the mission file',
    ]);
  });

  test('whose command or its folder is missing is refused', async () => {
    const command = (parts: object) => ({
      shard: 'earth',
      adapter: { type: 'command', command: ['no-such-program'], ...parts },
    });
    write(
      'm.json',
      sample({
        nodes: [
          { id: 'a', ...command({}) },
          { id: 'b', ...command({ folder: 'nowhere' }) },
          { id: 'c', ...command({ command: ['node', 'x.mjs'] }) },
          { id: 'd', ...command({ command: ['./m.json'] }) },
        ],
      }),
    );
    const expected =
      "which can't be run here; expected a program on the PATH, or the path of one from where it runs";
    expect(await refusal('m.json')).toEqual([
      `m.json: nodes[0].adapter.command[0]: found "no-such-program", ${expected}`,
      'm.json: nodes[1].adapter.folder: found "nowhere", no such folder; expected a folder, relative to the mission file',
      `m.json: nodes[3].adapter.command[0]: found "./m.json", ${expected}`,
    ]);
  });

  test('with a command hands on where it runs, absolute, and what it may take', async () => {
    const adapter = { type: 'command', command: ['node', 'x.mjs'], env: { MODE: 'fast' } };
    write('m.json', sample({ nodes: [{ id: 'a', shard: 'earth', adapter }] }));
    const { spec } = await load('m.json');
    expect(spec.nodes[0]!.adapter).toEqual({
      ...adapter,
      folder: folder,
      passEnv: [],
      timeoutMs: 10_000,
      memoryMb: 512,
      outputBytesMax: 65_536,
    });
  });

  test('with no end of problems shows the first fifty', async () => {
    const parts = Object.fromEntries(Array.from({ length: 70 }, (_, i) => [`key${i}`, 1]));
    write('m.json', sample(parts));
    const shown = await refusal('m.json');
    expect(shown).toHaveLength(51);
    expect(shown.at(-1)).toBe('m.json: and 20 more problems');
  });
});
