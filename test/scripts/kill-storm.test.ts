// What a kill storm draws, what it holds a run to, and how it is told. No process is killed here.
import { expect, test } from 'vitest';
import { chaos } from '../../scripts/chaos.ts';
import type { StormResult } from '../../scripts/kill-storm.ts';
import { drawKills, findings, stormLines } from '../../scripts/kill-storm.ts';
import { built, sampleRun } from '../reporting/sample-run.ts';

const calm: StormResult = {
  kills: 20,
  missions: 4,
  lost: 0,
  doubled: 0,
  digestsEqual: 4,
  reexecuted: 30,
  returnsMs: [100, 200, 900],
  longestMs: 9_870,
  failures: [],
};

test('kills follow from the seed and strike every sort of process', () => {
  const drawn = drawKills(7, 0, 60);
  expect(drawKills(7, 0, 60)).toEqual(drawn);
  expect(drawKills(7, 1, 60)).not.toEqual(drawn);
  expect(drawKills(8, 0, 60)).not.toEqual(drawn);
  expect(new Set(drawn.map(({ kind }) => kind))).toEqual(
    new Set(['kill-orchestrator', 'kill-node', 'kill-server']),
  );
  const nodes = drawn.flatMap((kill) => (kill.kind === 'kill-node' ? [kill.node] : []));
  expect(new Set(nodes).size).toBe(4);
});

test('a run that differs from its reference, or did not do the work, is found', async () => {
  const { report } = await built(sampleRun());
  const whole = { ...report, jobs: { ...report.jobs, accepted: 400, completed: 397, failed: 3 } };
  expect(findings(whole, whole)).toEqual([]);
  expect(findings({ ...whole, outcomeDigest: 'sha256:other' }, whole)).toEqual([
    'its outcomes are not those of the run without a kill',
  ]);
  expect(findings({ ...whole, jobs: { ...whole.jobs, completed: 396 } }, whole)).toEqual([
    '399 of 400 accepted jobs have ended',
  ]);
  const problems = [{ code: 'two-outcomes' as const, what: 'job 7 has two outcomes' }];
  expect(findings({ ...whole, problems }, whole)).toEqual(['job 7 has two outcomes']);
  expect(findings({ ...whole, jobs: report.jobs }, whole)).toEqual(['9 of 400 jobs were accepted']);
});

test('a calm storm is told with its bound, and one with a failure without', () => {
  expect(stormLines(calm, 7)).toEqual([
    '20 kills in 4 missions, seed 7: 0 lost, 0 doubled, 4 of 4 digests equal',
    'at most 1.5 jobs ran again a kill; next outcome after 200 ms (median), 900 ms (worst); longest mission 9.9 s',
    'no kill of 20 did harm: at most 15.0% of kills do (95%, about 3/n)',
  ]);
  const told = stormLines({ ...calm, failures: ['mission 2: a job is lost'] }, 7);
  expect(told.at(-1)).toBe('! mission 2: a job is lost');
});

test('the command ends with 0, with 1 when anything did not hold, with 2 for what it does not take', async () => {
  const lines: string[] = [];
  const tell = (line: string): void => void lines.push(line);
  const ask = (args: string[], result = calm): Promise<number> =>
    chaos(args, tell, ({ kills, seed }) => {
      lines.push(`storm of ${kills}, seed ${seed}`);
      return Promise.resolve(result);
    });
  expect(await ask(['--kills', '1000', '--seed', '7'])).toBe(0);
  expect(lines[0]).toBe('storm of 1000, seed 7');
  expect(await ask([], { ...calm, failures: ['x'] })).toBe(1);
  for (const args of [['--kills', '0'], ['--kills', 'many'], ['--seed', '-1'], ['--fast']]) {
    expect(await ask(args)).toBe(2);
  }
});
