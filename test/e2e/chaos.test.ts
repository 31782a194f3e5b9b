/**
 * The short form of the kill storm: 20 kills of orchestrator, nodes and server on real processes. The long
 * one is `npm run chaos -- --kills 1000 --seed N`.
 */
import { expect, it } from 'vitest';
import { killStorm, stormLines } from '../../scripts/kill-storm.ts';

const KILLS = 20;
const SEED = 1;
const STORM_MS_MAX = 180_000;

it(
  'twenty kills lose no job, double none, and leave the outcomes as they would have been',
  async () => {
    const said: string[] = [];
    const storm = await killStorm({ kills: KILLS, seed: SEED, tell: (line) => said.push(line) });
    console.log([...said, ...stormLines(storm, SEED)].join('\n'));
    expect(storm.failures).toEqual([]);
    expect(storm).toMatchObject({ lost: 0, doubled: 0, digestsEqual: storm.missions });
    expect(storm.kills).toBeGreaterThanOrEqual(KILLS);
    const struck = said.join('\n');
    for (const target of ['orchestrator', 'server', 'node']) expect(struck).toContain(target);
  },
  STORM_MS_MAX,
);
