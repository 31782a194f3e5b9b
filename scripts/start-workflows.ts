/**
 * Starts the fabric's workflows, or finds those of an interrupted run. The run's id travels in the memo,
 * so that the workflows of another run under the same names are never taken for this one's.
 */
import { existsSync } from 'node:fs';
import type { WorkflowHandle } from '@temporalio/client';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import type { SearchAttributePair } from '@temporalio/common';
import {
  defineSearchAttributeKey,
  TypedSearchAttributes,
  WorkflowNotFoundError,
} from '@temporalio/common';
import type { ConnectedEngine } from '../engine/connect.ts';
import { SEARCH_ATTRIBUTES } from '../engine/server-arguments.ts';
import { usesTemporalDefaults } from '../engine/temporal-defaults.ts';
import { checkpointFolder, type RunSpec } from '../fabric/mission/run-spec.ts';
import { counted } from '../fabric/reasons.ts';
import { orchestratorId, orchestratorQueue, shardId, WORKFLOW } from '../workflows/protocol.ts';
import { commandName } from './command-name.ts';
import { UsageError } from './exit-code.ts';
import type { RebuiltRun } from './rebuild.ts';

/** Long enough for any task here; a worker that dies is noticed after it. */
const WORKFLOW_TASK_TIMEOUT = '1s';
const KEYWORD_TYPE = 2;

export type { OrchestratorResult } from '../workflows/orchestrator.ts';

/** The run's workflows. Handles follow them over continue-as-new. */
export interface RunWorkflows {
  readonly orchestrator: WorkflowHandle;
  /** By workflow id, the orchestrator's included. */
  readonly all: ReadonlyMap<string, WorkflowHandle>;
}

interface Planned {
  readonly workflowId: string;
  readonly type: string;
  readonly input: unknown;
  readonly summary: string;
  readonly details: string;
  readonly shard: string | null;
}

/**
 * Starts every workflow of the run. Where it is there again, with `rebuilt`, those that are there already are
 * left as they are; where the server knows nothing of it, they start with what `rebuilt` gives. Throws
 * UsageError when workflows of another run hold the names.
 */
export async function startWorkflows(
  engine: ConnectedEngine,
  spec: RunSpec,
  rebuilt: (() => Promise<RebuiltRun>) | null,
): Promise<RunWorkflows> {
  const registered = await registeredAttributes(engine);
  const there = rebuilt === null ? new Map<string, never>() : await existingRuns(engine, spec);
  const isLost = rebuilt !== null && mustRebuild(spec, there);
  const planned = plannedWorkflows(spec, isLost ? (await rebuilt()).carried : new Map());
  const handles = await Promise.all(
    planned.map(
      async (each) => there.get(each.workflowId) ?? (await start(engine, spec, each, registered)),
    ),
  );
  const all = new Map(planned.map((each, i) => [each.workflowId, handles[i]!]));
  return { orchestrator: all.get(orchestratorId(spec.fabric))!, all };
}

function plannedWorkflows(spec: RunSpec, carried: RebuiltRun['carried']): Planned[] {
  const inputOf = (workflowId: string): object => {
    const own = carried.get(workflowId);
    return own === undefined ? { spec } : { spec, carried: own };
  };
  const orchestrator: Planned = {
    workflowId: orchestratorId(spec.fabric),
    type: WORKFLOW.orchestrator,
    input: inputOf(orchestratorId(spec.fabric)),
    summary: `Orchestrator of ${spec.fabric}: ${spec.title}`,
    details: `Run ${spec.runId}. Plans spillover between ${spec.shards.length} shards every ${spec.policy.tickMs} ms, relays the owner's commands and gathers status.`,
    shard: null,
  };
  const shards = spec.shards.map(({ name }): Planned => {
    const nodes = spec.nodes.filter((node) => node.shard === name).length;
    const feeds = spec.feeds.filter((feed) => feed.shard === name).length;
    return {
      workflowId: shardId(spec.fabric, name),
      type: WORKFLOW.shard,
      input: { ...inputOf(shardId(spec.fabric, name)), shard: name },
      summary: `Shard ${name} of ${spec.fabric}: ${spec.title}`,
      details: `Run ${spec.runId}. ${counted(nodes, 'node')} and ${counted(feeds, 'feed')} in the mission.`,
      shard: name,
    };
  });
  return [orchestrator, ...shards];
}

async function start(
  { client }: ConnectedEngine,
  spec: RunSpec,
  planned: Planned,
  registered: ReadonlySet<string>,
): Promise<WorkflowHandle> {
  try {
    return await client.workflow.start(planned.type, {
      workflowId: planned.workflowId,
      taskQueue: orchestratorQueue(spec.fabric),
      args: [planned.input],
      ...(usesTemporalDefaults(process.env) ? {} : { workflowTaskTimeout: WORKFLOW_TASK_TIMEOUT }),
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      workflowIdConflictPolicy: 'FAIL',
      staticSummary: planned.summary,
      staticDetails: planned.details,
      memo: { runId: spec.runId },
      typedSearchAttributes: attributesOf(spec, planned.shard, registered),
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    throw new UsageError(`The workflow ${planned.workflowId} of another run is open on that server. Three ways on:
  continue that run:     ${commandName()} resume TOKEN, with the token or run id that it printed
  end it in order:       ${commandName()} down --fabric ${spec.fabric}
  start another beside:  the same command with --fabric ANOTHER-NAME`);
  }
}

/**
 * A run that has files has had workflows: a server without them is another one, or has lost them. Where it has
 * some of them, a start was interrupted. A checkpoint has parts of all, so they all ran before, and
 * what is missing was being rebuilt; without one it was the first start of all.
 */
function mustRebuild(spec: RunSpec, there: ReadonlyMap<string, WorkflowHandle>): boolean {
  if (there.size > spec.shards.length) return false;
  const isBare = there.size === 0;
  return existsSync(checkpointFolder(spec)) || (isBare && existsSync(spec.folders.ledger));
}

/** Those of the run's workflows that the server holds, by id. */
async function existingRuns(
  engine: ConnectedEngine,
  spec: RunSpec,
): Promise<ReadonlyMap<string, WorkflowHandle>> {
  const ids = plannedWorkflows(spec, new Map()).map(({ workflowId }) => workflowId);
  const found = await Promise.all(
    ids.map(async (id) => [id, await existingRun(engine, spec, id)] as const),
  );
  return new Map(found.flatMap(([id, handle]) => (handle === null ? [] : [[id, handle]])));
}

/** The workflow of this very run, open or ended; null when there is none or only another run's. */
async function existingRun(
  { client }: ConnectedEngine,
  spec: RunSpec,
  workflowId: string,
): Promise<WorkflowHandle | null> {
  const handle = client.workflow.getHandle(workflowId);
  try {
    const { memo } = await handle.describe();
    return memo?.['runId'] === spec.runId ? handle : null;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null;
    throw error;
  }
}

/** Search attributes are set where an operator registered them, and never required. */
async function registeredAttributes(engine: ConnectedEngine): Promise<ReadonlySet<string>> {
  try {
    const { namespace } = engine;
    const listed = await engine.connection.operatorService.listSearchAttributes({ namespace });
    const custom = listed.customAttributes;
    return new Set(SEARCH_ATTRIBUTES.filter((name) => custom[name] === KEYWORD_TYPE));
  } catch {
    // Listing takes rights that an operator need not give.
    return new Set();
  }
}

function attributesOf(
  spec: RunSpec,
  shard: string | null,
  registered: ReadonlySet<string>,
): TypedSearchAttributes {
  const values: Readonly<Record<(typeof SEARCH_ATTRIBUTES)[number], string | null>> = {
    FabricName: spec.fabric,
    FabricShard: shard,
    FabricScenario: spec.scenario,
    FabricState: 'opening',
  };
  const pairs = Object.entries(values).flatMap(([name, value]): SearchAttributePair[] =>
    value === null || !registered.has(name)
      ? []
      : [{ key: defineSearchAttributeKey(name, 'KEYWORD'), value }],
  );
  return new TypedSearchAttributes(pairs);
}
