/**
 * `planetary-fabric worker …`: one process of a running fabric, started by hand. It is what the fabric
 * starts for itself, in this process, and ends by itself when its run is over.
 */
import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { shardId, workflowIds } from '../workflows/protocol.ts';
import { startNodeHost } from '../workers/node-host.ts';
import { startOrchestrator } from '../workers/orchestrator.ts';
import { liveOut } from '../workers/process-life.ts';
import type { CommandContext } from './command-context.ts';
import { exitCodeOf, RunFailedError } from './exit-code.ts';
import type { JoinedRun } from './joined-run.ts';
import { joinRun, runOver } from './joined-run.ts';
import type { NodeWish } from './joining-node.ts';
import { joiningNode } from './joining-node.ts';
import { fabricOption, wholeOption } from './options.ts';
import type { Place } from './place.ts';
import { say, stateFolder } from './place.ts';
import { findFabric } from './state.ts';

interface OrchestratorOptions {
  readonly fabric?: string;
}

interface NodeOptions extends NodeWish {
  readonly fabric?: string;
  readonly grace: number;
}

const GRACE_SECONDS = 10;
/** What it is at is done in milliseconds, or issued again to another. */
const ORCHESTRATOR_GRACE_MS = 2_000;
const GRACE_SECONDS_MAX = 86_400;

const EXAMPLES = `
Examples:
  planetary-fabric worker orchestrator
  planetary-fabric worker node --shard luna --id luna-extra --slots 4
  planetary-fabric worker node --shard luna --id surveyor --adapter surveyor.json --grace 30

It joins the fabric of this folder, or the one on the server that TEMPORAL_ADDRESS names. The first SIGTERM
or Ctrl-C ends it in order: an orchestrator within two seconds, a node hands back what it holds within
--grace. A second one ends it at once, with 130. It ends with 0 in order and when its run is over, with 1
when it can't go on, with 2 for a wrong option or file, with 3 when no fabric is open.`;

/** Adds the command. */
export function addWorker(program: Command, { place }: CommandContext): void {
  const worker = program
    .command('worker')
    .description('one process of a running fabric, started by hand')
    .addHelpText('after', EXAMPLES);
  fabricOption(
    worker.command('orchestrator').description('runs workflows beside the fabric’s own process'),
  ).action((options: OrchestratorOptions) => workAsOrchestrator(place, options));
  const node = worker
    .command('node')
    .description('a node that registers with its shard; the mission need not name it')
    .requiredOption('--shard <shard>', 'the shard that it works for')
    .requiredOption('--id <id>', 'its name, unique in the fabric')
    .option('--adapter <file>', 'JSON file: adapter and fields of a node (default: simulated jobs)')
    .option('--skills <skills>', 'what it can do, separated by commas', commaSeparated)
    .option('--price <price>', 'what it asks for one job', Number)
    .option(
      '--grace <seconds>',
      'what jobs under way get when it ends',
      graceSeconds,
      GRACE_SECONDS,
    );
  wholeOption(node, '--slots <n>', 'leases that it works on at the same time');
  fabricOption(node).action((options: NodeOptions) => workAsNode(place, options));
}

async function workAsOrchestrator(place: Place, { fabric }: OrchestratorOptions): Promise<void> {
  const run = await joinRun(place, fabric);
  const { spec, endpoint } = run;
  say(place.err, `An orchestrator process joins "${spec.fabric}", run ${spec.runId}.`);
  await liveUntilOver(place, run, workflowIds(spec), ORCHESTRATOR_GRACE_MS, () =>
    startOrchestrator(spec, endpoint),
  );
}

async function workAsNode(place: Place, { fabric, grace, ...wish }: NodeOptions): Promise<void> {
  const run = await joinRun(place, fabric);
  const { spec, endpoint, access } = run;
  const node = await joiningNode(access, spec, wish, place).catch(async (error: unknown) => {
    await access.close();
    throw error;
  });
  const { id, shard } = node;
  say(place.err, `Node ${id} joins shard ${shard} of "${spec.fabric}", run ${spec.runId}.`);
  await liveUntilOver(place, run, [shardId(spec.fabric, shard)], grace * 1_000, () =>
    startNodeHost({ ...spec, nodes: [node] }, endpoint),
  );
}

/** `workflowIds`: the process is of use as long as one of them is open. */
async function liveUntilOver(
  place: Place,
  run: JoinedRun,
  workflowIds: readonly string[],
  graceMs: number,
  begin: Parameters<typeof liveOut>[0],
): Promise<void> {
  const { access, spec } = run;
  const hasEndedHere = async (): Promise<boolean> => {
    if (access.record === null) return false;
    const found = await findFabric(stateFolder(place), spec.fabric);
    return found?.record.runId !== spec.runId;
  };
  const stopped = new AbortController();
  const over = runOver(run, workflowIds, hasEndedHere, stopped.signal);
  try {
    await liveOut(begin, { graceMs, isSupervised: false, over });
  } catch (error) {
    if (exitCodeOf(error) !== null) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new RunFailedError(`It can't go on: ${why}`);
  } finally {
    stopped.abort();
    await access.close();
  }
}

function commaSeparated(text: string): string[] {
  return text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}

function graceSeconds(text: string): number {
  const seconds = Number(text);
  if (text.trim() !== '' && seconds >= 0 && seconds <= GRACE_SECONDS_MAX) return seconds;
  throw new InvalidArgumentError('Expected a number of seconds from 0 to 86400.');
}
