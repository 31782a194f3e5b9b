// What a line typed leads to: which run is ordered, what is refused before anything starts, and the
// exit code of each. Nothing here needs a server: runs are ordered and not conducted.
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { EngineUnreachableError, NoEngineError } from '../../engine/errors.ts';
import type { RunSpec } from '../../fabric/mission/run-spec.ts';
import type { Doors } from '../../scripts/cli.ts';
import { main } from '../../scripts/cli.ts';
import { NoFabricError, RunFailedError } from '../../scripts/exit-code.ts';
import type { RunOrder } from '../../scripts/fabric-run.ts';
import { claimFabric } from '../../scripts/state.ts';
import { sample } from '../mission/sample.ts';
import type { FakePlace } from './fake-place.ts';
import { fakePlace } from './fake-place.ts';

interface Ordered {
  spec: RunSpec;
  order: RunOrder;
}

let place: FakePlace;
let ordered: Ordered[];

beforeEach(() => {
  place = fakePlace(mkdtempSync(join(tmpdir(), 'cli-')));
  ordered = [];
});

afterEach(() => rmSync(place.folder, { recursive: true, force: true }));

/** Runs one line; a run is noted and ends as `conducted` says. */
async function type(line: string, doors: Doors = {}, conducted = 0): Promise<number> {
  const argv = line === '' ? [] : line.split(' ');
  const conductRun = (_: unknown, spec: RunSpec, order: RunOrder): Promise<number> => {
    ordered.push({ spec, order });
    return Promise.resolve(conducted);
  };
  return await main(argv, place, {
    conductRun: (spec, order) => conductRun(place, spec, order),
    ...doors,
  });
}

function write(name: string, content: unknown): void {
  const text = typeof content === 'string' ? content : JSON.stringify(content);
  writeFileSync(join(place.folder, name), text);
}

describe('wrong usage ends with 2, says what was expected, and starts nothing', () => {
  test.each([
    ['stauts', "unknown command 'stauts'; did you mean status?"],
    ['edge-releif', 'did you mean edge-relief?'],
    ['sub', 'did you mean submit?'],
    [
      'frobnicate',
      'expected one of edge-relief, k2-benchmark, resilience-drill, run, simulate, up',
    ],
    ['k2-benchmark --jbos 5', "unknown option '--jbos'\n(Did you mean --jobs?)"],
    ['k2-benchmark --jobs many', 'Expected a whole number, such as 1000.'],
    ['k2-benchmark --jobs -5', 'Expected a whole number'],
    ['k2-benchmark --jobs 1e3', 'Expected a whole number'],
    ['k2-benchmark --jobs 0', '--jobs: found 0; expected a whole number from 1'],
    ['k2-benchmark --jobs', "option '--jobs <n>' argument missing"],
    ['k2-benchmark 10000', 'too many arguments'],
    ['k2-benchmark --fabric UPPER', '--fabric: found "UPPER"; expected small letters'],
    ['run', 'found no mission file; expected `planetary-fabric run FILE`'],
    ['run nowhere.json', 'nowhere.json: found no such file; expected a mission file'],
    ['--custom nowhere.json', 'nowhere.json: found no such file'],
    ['submit', "missing required argument 'file'"],
    [
      'submit nowhere.ndjson',
      'nowhere.ndjson: found no such file; expected a file of one JSON job',
    ],
    ['resume', 'No fabric of this folder was interrupted.'],
    [`resume ${'a'.repeat(600)}`, 'There is no run'],
    // As long as one that names a checkpoint of five shards.
    [`resume pf1.${'a'.repeat(600)}.00000000`, 'This resume token is damaged'],
    [
      'resume nothing-known',
      'There is no run "nothing-known" in this folder; there is no run at all.',
    ],
    ['resume ../../etc', 'There is no run "../../etc"'],
    ['resume pf1.abc.00000000', 'This resume token is damaged'],
    ['status --fabric ../x', '--fabric: found "../x"; expected small letters'],
    ['owner', 'Usage: planetary-fabric owner'],
    ['owner puase luna', "unknown command 'puase'\n(Did you mean pause?)"],
    ['owner pause', "missing required argument 'shard'"],
    ['owner pause luna mars', 'too many arguments'],
    ['owner set-spillover-limit edge NaN', 'the spillover limit: found "NaN"; expected a whole'],
    ['owner set-spillover-limit edge -5', 'the spillover limit: found "-5"; expected a whole'],
    ['owner set-spillover-limit edge 1.5', 'found "1.5"; expected a whole number from'],
    ['owner set-latency-budget edge 1e9', 'the latency budget: found "1e9"; expected a whole'],
    ['owner set-latency-budget edge 99999999999999', 'expected a whole number from'],
    ['owner set-tick-interval Infinity', 'the tick interval: found "Infinity"; expected a number'],
    ['owner pause-all --reason a\nb', 'Expected one line of 1 to 200 characters.'],
    ['worker', 'Usage: planetary-fabric worker'],
    ['worker nodes', "unknown command 'nodes'\n(Did you mean node?)"],
    ['worker node --id a', "required option '--shard <shard>' not specified"],
    ['worker node --shard luna', "required option '--id <id>' not specified"],
    ['worker node --shard luna --id a --grace -1', 'Expected a number of seconds from 0 to 86400.'],
    ['worker node --shard luna --id a --slots two', 'Expected a whole number, such as 1000.'],
  ])('%s', async (line, says) => {
    expect(await type(line)).toBe(2);
    expect(place.printed.err).toContain(says);
    expect(place.printed.err).not.toMatch(/^\s+at /m);
    expect(place.printed.out).toBe('');
    expect(ordered).toEqual([]);
    expect(existsSync(join(place.folder, '.planetary-fabric'))).toBe(false);
    expect(existsSync(join(place.folder, 'reports'))).toBe(false);
  });

  test('a broken mission is told line by line with the places in the file', async () => {
    write('m.json', { ...sample(), shards: { earth: { spilloverLimit: -1 } }, colour: 'red' });
    expect(await type('run m.json')).toBe(2);
    const lines = place.printed.err.trimEnd().split('\n');
    expect(lines.length).toBeGreaterThan(1);
    for (const line of lines) expect(line).toMatch(/^m\.json: \S+: found .+; expected .+/);
    expect(readdirSync(place.folder)).toEqual(['m.json']);
  });

  test('a second job of one id is told with the lines of both, and nothing is sent', async () => {
    write('j.ndjson', '{"id":"a","kind":"k"}\n{"id":"a","kind":"k"}\n');
    expect(await type('submit j.ndjson')).toBe(2);
    expect(place.printed.err).toBe(
      'j.ndjson:2: id: found "a", which line 1 has; expected another id\nNothing was sent.\n',
    );
  });
});

describe("a good mission that can't be run now ends with 2, and nothing is written", () => {
  const feature = {
    type: 'Feature',
    id: 'a',
    properties: { mag: 5, place: 'somewhere', time: 1_000, type: 'earthquake' },
    geometry: { type: 'Point', coordinates: [121, 24, 10] },
  };
  const source = { type: 'geojson', path: 'week.geojson', kind: 'quake' };
  const feeds = [{ id: 'week', shard: 'earth', source }];

  beforeEach(() => {
    write('week.geojson', { type: 'FeatureCollection', features: [feature] });
    write('m.json', sample({ blueprints: [], feeds }));
  });

  test('its GeoJSON feed is written out for a run that can be', async () => {
    expect(await type('run m.json')).toBe(0);
    expect(existsSync(ordered[0]!.spec.folders.results)).toBe(true);
  });

  test.each(['run m.json', 'up --custom m.json'])(
    "`%s` with an export that can't be written",
    async (line) => {
      expect(await type(`${line} --export week.geojson/r.json`)).toBe(2);
      expect(place.printed.err).toMatch(/^--export: .+ can't be written: /);
      expect(ordered).toEqual([]);
      expect(readdirSync(place.folder).sort()).toEqual(['m.json', 'week.geojson']);
    },
  );

  test.each(['run m.json', 'up --custom m.json'])(
    '`%s` while a fabric of that name is live',
    async (line) => {
      const stateDir = join(place.folder, '.planetary-fabric');
      const live = { runId: 'sample-1', fabric: 'planetary-fabric', scenario: 'sample' } as RunSpec;
      await claimFabric(stateDir, live, join(stateDir, 'spec.json'));
      expect(await type(`${line} --export new/r.json`)).toBe(2);
      expect(place.printed.err).toMatch(/is live: sample, run sample-1\. Three ways on:/);
      expect(ordered).toEqual([]);
      const left = ['.planetary-fabric', 'm.json', 'week.geojson'];
      expect(readdirSync(place.folder).sort()).toEqual(left);
    },
  );
});

describe('help and version', () => {
  test.each(['--help', 'help', 'run --help', 'help owner', 'owner pause --help'])(
    '`%s` ends with 0 and prints on standard output',
    async (line) => {
      expect(await type(line)).toBe(0);
      expect(place.printed.out).toContain('Usage: planetary-fabric');
      expect(place.printed.err).toBe('');
    },
  );

  test('help names every command that people need, and no other', async () => {
    await type('--help');
    const named = [...place.printed.out.matchAll(/^ {2}([a-z][a-z0-9-]+) /gm)].map(
      ([, name]) => name,
    );
    const known = 'edge-relief k2-benchmark resilience-drill run up down status watch submit owner';
    expect(named).toEqual(expect.arrayContaining([...known.split(' '), 'resume', 'doctor']));
    expect(named).not.toContain('keep-running');
  });

  test('the version is the one of package.json', async () => {
    expect(await type('--version')).toBe(0);
    expect(place.printed.out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe('a run that is ordered', () => {
  test('is of the named scenario, with its options', async () => {
    expect(
      await type('k2-benchmark --jobs 500 --seed 7 --fabric site-b --json --quiet --keep'),
    ).toBe(0);
    expect(ordered).toHaveLength(1);
    const { spec, order } = ordered[0]!;
    expect(spec).toMatchObject({ scenario: 'k2-benchmark', seed: 7, fabric: 'site-b' });
    expect(spec.feeds.reduce((sum, feed) => sum + feed.total, 0)).toBe(500);
    expect(order).toEqual({
      start: 'fresh',
      until: 'finished',
      json: true,
      quiet: true,
      keep: true,
    });
  });

  test.each([['run m.json'], ['run --custom m.json'], ['--custom m.json']])(
    'may be any mission file: `%s`',
    async (line) => {
      write('m.json', sample());
      expect(await type(`${line} --export out/r.json`)).toBe(0);
      expect(ordered[0]).toMatchObject({
        spec: { scenario: 'sample', fabric: 'planetary-fabric' },
        order: { until: 'finished', exportFile: 'out/r.json' },
      });
    },
  );

  test('waits to be closed where the mission is a service', async () => {
    write('m.json', sample({ mode: 'service', blueprints: [] }));
    await type('run m.json');
    await type('up');
    expect(ordered.map(({ order }) => order.until)).toEqual(['closed', 'closed']);
  });

  test.each([0, 1, 3, 130])('ends with the exit code of the run, such as %i', async (code) => {
    expect(await type('k2-benchmark', {}, code)).toBe(code);
  });

  test('shows the warnings of its mission on standard error', async () => {
    write('m.json', sample({ mode: 'service', nodes: [], blueprints: [] }));
    await type('run m.json --json');
    expect(place.printed.err).toMatch(/^note: /);
    expect(place.printed.out).toBe('');
  });
});

describe('an error that has a cause outside ends with its own code and one message', () => {
  const unreachable = new EngineUnreachableError('127.0.0.1:1', 'default', 'refused');
  test.each([
    ['no engine', new NoEngineError([]), 3, 'No Temporal server could be found or provided.'],
    [
      'a mute server',
      unreachable,
      3,
      'The Temporal server at 127.0.0.1:1 (namespace "default") can\'t',
    ],
    ['no fabric', new NoFabricError('none here'), 3, 'none here\n'],
    ['a failed workflow', new RunFailedError('it failed'), 1, 'it failed\n'],
  ])('%s', async (_, error, code, says) => {
    expect(await type('k2-benchmark', { conductRun: () => Promise.reject(error) })).toBe(code);
    expect(place.printed.err).toContain(says);
    expect(place.printed.err).not.toMatch(/^\s+at /m);
  });

  test('one that nobody foresaw shows where it came from and ends with 1', async () => {
    const broken = new Error('broken invariant');
    expect(await type('k2-benchmark', { conductRun: () => Promise.reject(broken) })).toBe(1);
    expect(place.printed.err).toMatch(
      /^This should not have happened: Error: broken invariant\n\s+at /,
    );
  });

  test.each([
    'status',
    'watch',
    'down',
    'owner pause-all',
    'worker orchestrator',
    'worker node --shard luna --id extra',
  ])('`%s` where no fabric runs ends with 3 and says how to start one', async (line) => {
    place.env['TEMPORAL_CONFIG_FILE'] = join(place.folder, 'none.toml');
    expect(await type(line)).toBe(3);
    expect(place.printed.err).toMatch(
      /^No fabric named "planetary-fabric" is running here\. Start/,
    );
  });

  test('an address where nothing answers ends with 3 and names it', async () => {
    place.env['TEMPORAL_ADDRESS'] = '127.0.0.1:1';
    expect(await type('status')).toBe(3);
    expect(place.printed.err).toContain('127.0.0.1:1');
  });
});

describe('doctor', () => {
  const diagnosis = {
    rows: [{ group: 'engine', name: 'PATH', state: 'missing', detail: 'no "temporal" on PATH' }],
    engine: 'none: nothing was found',
    timeSkipping: 'none: nothing was found',
    searchAttributeLines: ['temporal operator search-attribute create --name FabricName'],
    engineReady: false,
  } as const;

  test('ends with 3 where no server can be had', async () => {
    expect(await type('doctor', { diagnose: () => Promise.resolve(diagnosis) })).toBe(3);
    expect(place.printed.out).toContain('–  PATH  no "temporal" on PATH');
    expect(place.printed.out).toContain('A run would use  none: nothing was found');
  });

  test('with --json standard output is JSON alone', async () => {
    const ready = { ...diagnosis, engineReady: true };
    expect(await type('doctor --json', { diagnose: () => Promise.resolve(ready) })).toBe(0);
    expect(JSON.parse(place.printed.out)).toEqual(ready);
  });
});
