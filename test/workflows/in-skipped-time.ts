/**
 * Tests on the time-skipping test server: where it can't be had they say so in one line and are left out,
 * which `.ci/run` counts as a failure. Each test opens a fabric, with a server of its own.
 */
import { bundleWorkflowCode, DefaultLogger, Runtime } from '@temporalio/worker';
import type { WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { afterEach, beforeAll, describe } from 'vitest';
import { resolveTimeSkipping } from '../../engine/time-skipping.ts';
import type { Offload } from '../../fabric/messages.ts';
import { bundleOptions } from '../../workers/workflow-bundle.ts';
import { nodeOf, specOf, type SmallMission } from '../fabric/small-world.ts';
import { TimeSkippingFabric } from './time-skipping-fabric.ts';

export const SECOND_MS = 1_000;
export const MINUTE_MS = 60 * SECOND_MS;
export const HOUR_MS = 60 * MINUTE_MS;
const BUNDLE_MS_MAX = 120_000;

/** All that earth sheds goes to luna. */
export const EARTH = { name: 'earth', policy: { spillTargets: ['luna'] } };
export const LUNA_NODE = nodeOf({ id: 'luna-node', shard: 'luna' });

/** Starts a fabric of earth and luna, unless the mission says otherwise, of which no workflow runs yet. */
export type Open = (mission?: Partial<SmallMission>) => Promise<TimeSkippingFabric>;

const server = await resolveTimeSkipping();
if (server.state === 'absent') console.warn(`Tests in skipped time are left out: ${server.why}.`);

/** Registers the tests; each ends the fabric that it has opened. */
export function inSkippedTime(register: (open: Open) => void): void {
  describe.runIf(server.state === 'found')('in skipped time', () => {
    let bundle: WorkflowBundleWithSourceMap;
    let opened: TimeSkippingFabric | undefined;
    beforeAll(async () => {
      bundle = await bundleOnce();
    }, BUNDLE_MS_MAX);
    afterEach(async () => {
      await opened?.end();
      opened = undefined;
    });
    register(async (mission) => {
      if (server.state === 'absent') throw new Error(server.why);
      const shards = [EARTH, { name: 'luna' }];
      const spec = specOf({ shards, nodes: [LUNA_NODE], ...mission });
      opened = await TimeSkippingFabric.open(server.options, bundle, spec);
      return opened;
    });
  });
}

/** The workflow code, bundled once for all tests of a file. */
async function bundleOnce(): Promise<WorkflowBundleWithSourceMap> {
  const logger = new DefaultLogger('ERROR');
  // What the test server cannot do, and the core library warns of at every start, is not used here.
  Runtime.install({ logger, telemetryOptions: { logging: { filter: 'ERROR' } } });
  return await bundleWorkflowCode({ ...bundleOptions, logger });
}

/** The planner's order to move so many of earth's jobs to luna, where a node can do any of them. */
export function toLuna(jobs: number): Offload {
  return { plan: 1, to: 'luna', jobs, floor: 0, targetSkills: [[]], strandedOnly: false };
}

/** To whole seconds: timers fire on time, and a busy machine takes them up a little later. */
export function inSeconds(ms: number): number {
  return Math.round(ms / SECOND_MS);
}

/** The times between instants that follow each other. */
export function gapsInSeconds(instants: readonly number[]): number[] {
  return instants.slice(1).map((instant, i) => inSeconds(instant - instants[i]!));
}
