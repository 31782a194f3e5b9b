// The last lines of a run, three commands that fit what was run, and the way back to an interrupted one.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { RunSpec } from '../../fabric/mission/run-spec.ts';
import { main } from '../../scripts/cli.ts';
import { commandName } from '../../scripts/command-name.ts';
import { closingLines, nextCommands } from '../../scripts/finish.ts';
import { resumeToken } from '../../reporting/resume-token.ts';
import type { FabricRecord } from '../../scripts/state.ts';
import { claimFabric, keepRunSpec, runSpecFile } from '../../scripts/state.ts';
import type { FakePlace } from './fake-place.ts';
import { fakePlace } from './fake-place.ts';

let place: FakePlace;

beforeEach(() => {
  place = fakePlace(mkdtempSync(join(tmpdir(), 'finish-')));
});

afterEach(() => rmSync(place.folder, { recursive: true, force: true }));

function spec(change: Partial<RunSpec> = {}): RunSpec {
  const reports = join(place.folder, 'reports', 'planetary-fabric');
  return {
    schema: 'planetary-fabric/run@1',
    runId: 'edge-relief-1',
    fabric: 'planetary-fabric',
    scenario: 'edge-relief',
    mode: 'mission',
    folders: { reports, ledger: join(reports, 'ledger'), results: join(reports, 'results') },
    ...change,
  } as RunSpec;
}

test('after a run the page is opened, another scenario run, a fabric kept', () => {
  const commands = nextCommands(spec(), ['reports/r.html', 'reports/r.json'], false, 'open');
  expect(commands).toEqual([
    'open reports/r.html',
    `${commandName()} k2-benchmark --jobs 10000`,
    `${commandName()} up`,
  ]);
});

test('where no program shows a page, a command that works stands in its place', () => {
  const [first] = nextCommands(spec(), ['reports/r.html', 'reports/r.json'], false, null);
  expect(first).toBe(`${commandName()} doctor`);
});

test('a fabric that is kept can be looked at, steered and ended, by its name', () => {
  const commands = nextCommands(spec({ fabric: 'site-b' }), [], true, null);
  expect(commands).toHaveLength(3);
  for (const command of commands) expect(command).toContain(' --fabric site-b');
});

test('every next command is one that the command line takes', async () => {
  const all = [false, true].flatMap((kept) => [
    ...nextCommands(spec({ fabric: 'site-b' }), [], kept, null),
    ...nextCommands(spec({ scenario: 'k2-benchmark' }), [], kept, null),
  ]);
  for (const command of all) {
    const argv = command
      .slice(commandName().length + 1)
      .replace(/"[^"]*"/, 'text')
      .split(' ');
    const doors = {
      conductRun: () => Promise.resolve(0),
      loadMission: () => Promise.resolve({ spec: spec(), warnings: [] }),
    };
    place.env['TEMPORAL_CONFIG_FILE'] = join(place.folder, 'none.toml');
    expect(await main(argv, place, doors), `${command}\n${place.printed.err}`).not.toBe(2);
  }
});

test('verdict, paths and next commands stand in this order', () => {
  const lines = closingLines(['All gates passed.'], ['r.html', 'r.json'], ['status', 'down']);
  expect(lines).toEqual([
    '',
    'All gates passed.',
    '',
    'Reports  r.html',
    '         r.json',
    '',
    'Next:',
    '  status',
    '  down',
  ]);
});

test('an interrupted run is gone on with by token or by id', async () => {
  await keepRunSpec(join(place.folder, '.planetary-fabric'), spec());
  const orders: unknown[] = [];
  const doors = {
    conductRun: (...run: unknown[]) => {
      orders.push(run);
      return Promise.resolve(0);
    },
  };
  expect(await main(['resume', resumeToken(spec())], place, doors)).toBe(0);
  expect(await main(['resume', 'edge-relief-1', '--quiet'], place, doors)).toBe(0);
  expect(orders).toEqual([
    [spec(), { start: 'again', until: 'finished' }],
    [spec(), { start: 'again', until: 'finished', quiet: true }],
  ]);
});

test('without a token, the one run that was interrupted here is gone on with', async () => {
  const stateDir = join(place.folder, '.planetary-fabric');
  const runs: unknown[] = [];
  const doors = {
    conductRun: ({ runId }: RunSpec) => {
      runs.push(runId);
      return Promise.resolve(0);
    },
  };
  const leave = async (one: RunSpec): Promise<void> => {
    await keepRunSpec(stateDir, one);
    await claimFabric(stateDir, one, runSpecFile(stateDir, one.runId));
  };
  /** As it looks once the process that held it is gone. */
  const kill = (fabric: string): void => {
    const file = join(stateDir, 'fabrics', `${fabric}.json`);
    const record = JSON.parse(readFileSync(file, 'utf8')) as FabricRecord;
    const supervisor = { ...record.supervisor, identity: 'earlier-boot:1' };
    writeFileSync(file, JSON.stringify({ ...record, supervisor }));
  };
  await leave(spec());
  expect(await main(['resume'], place, doors)).toBe(2);
  expect(place.printed.err).toContain(
    'No fabric of this folder was interrupted. "planetary-fabric" is live, run edge-relief-1.',
  );
  kill('planetary-fabric');
  expect(await main(['resume'], place, doors)).toBe(0);
  expect(runs).toEqual(['edge-relief-1']);

  const other = spec({ fabric: 'site-b', runId: 'edge-relief-2' });
  await leave(other);
  expect(await main(['resume'], place, doors)).toBe(0);
  kill('site-b');
  place.printed.err = '';
  expect(await main(['resume'], place, doors)).toBe(2);
  expect(place.printed.err).toContain('More than one run was interrupted here. Continue one with:');
  for (const each of [spec(), other]) expect(place.printed.err).toContain(resumeToken(each));
  expect(runs).toEqual(['edge-relief-1', 'edge-relief-1']);
});

test('a token of another fabric is refused with both names', async () => {
  await keepRunSpec(join(place.folder, '.planetary-fabric'), spec());
  expect(await main(['resume', resumeToken(spec({ fabric: 'site-b' }))], place)).toBe(2);
  expect(place.printed.err).toMatch(
    /for the fabric "site-b"; run edge-relief-1 .* "planetary-fabric"/,
  );
});
