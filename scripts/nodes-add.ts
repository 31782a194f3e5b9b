/**
 * `planetary-fabric nodes add` and `nodes update`: a node joins a running fabric in a process of its own, and what
 * a node offers is changed. Both are owner commands, on the record like all of them.
 */
import { join, resolve } from 'node:path';
import { checkNodeChange } from '../fabric/mission/node-file.ts';
import { nodeSpecOf } from '../workers/node-registration.ts';
import { addNode } from './added-nodes.ts';
import type { CommandContext } from './command-context.ts';
import { commandName } from './command-name.ts';
import { EXIT, UsageError } from './exit-code.ts';
import { lookAt } from './fabric-access.ts';
import { pause } from './interruption.ts';
import { nodeFrom } from './joining-node.ts';
import { MissionError } from './mission/mission-error.ts';
import { readJsonFile } from './mission/mission-file.ts';
import { carriedOut, carryOut, type OwnerOptions } from './owner-command.ts';
import { say, stateFolder } from './place.ts';
import { DEFAULT_FABRIC, findFabric, readRunSpec, type FabricRecord } from './state.ts';

/** A process that can't start has been tried three times by then. */
const READY_MS = 20_000;
const LOOK_MS = 200;

/**
 * Adds the node of that file: first its shard is told to expect it, then the fabric's supervisor, which starts its
 * process. Ends with 1 when it was refused or did not come.
 */
export async function addNodeOf(
  context: CommandContext,
  source: string,
  options: OwnerOptions,
): Promise<void> {
  const { place } = context;
  const record = await supervisedHere(context, options.fabric);
  const spec = await readRunSpec(stateFolder(place), record.runId);
  const node = nodeFrom(source, {}, spec, place.folder);
  const { outcome } = await carriedOut(context, options, node.shard, (to, how) =>
    to.registerNode(nodeSpecOf(node), how),
  );
  if (outcome !== 'applied') return;
  await addNode(record.specFile, spec, node);
  const talk = options.json === true ? place.err : place.out;
  if (await comes(context, options.fabric, node.id)) {
    return say(talk, `${node.id} is there, in a process of its own.`);
  }
  const log = join(stateFolder(place), 'logs', record.runId, `node-${node.id}.log`);
  say(talk, `${node.id} has not come within ${READY_MS / 1_000} s. Its log: ${log}`);
  context.endWith(EXIT.failed);
}

/** Changes what the node of that file offers. */
export async function updateNodeOf(
  context: CommandContext,
  source: string,
  options: OwnerOptions,
): Promise<void> {
  const file = readJsonFile(resolve(context.place.folder, source), source, 'a file of one node');
  const checked = checkNodeChange(file);
  if (!checked.ok) throw new MissionError(source, checked.problems);
  const { id, change } = checked;
  await carryOut(context, options, null, (to, how) => to.updateNode(id, change, how));
}

/**
 * The record of a fabric that a process of this folder supervises: only that one starts processes. Throws
 * NoFabricError where none is open, UsageError where it is supervised elsewhere.
 */
async function supervisedHere(
  { place, accessFabric }: CommandContext,
  fabric: string | undefined,
): Promise<FabricRecord> {
  const found = await findFabric(stateFolder(place), fabric ?? DEFAULT_FABRIC);
  if (found?.live === true) return found.record;
  const access = await accessFabric(fabric);
  await access.close();
  throw new UsageError(`The fabric "${access.fabric}" is not supervised from this folder, so nothing here would start the node's process.
Add it in the folder where the fabric was started, or start it by hand, in the same words:
  ${commandName()} worker node --shard SHARD --id ID --adapter FILE`);
}

/** True once the node has registered; false when it has not in time. */
async function comes(
  { accessFabric }: CommandContext,
  fabric: string | undefined,
  id: string,
): Promise<boolean> {
  const access = await accessFabric(fabric);
  const deadlineMs = Date.now() + READY_MS;
  try {
    while (Date.now() < deadlineMs) {
      const shards = Object.values((await lookAt(access))?.shards ?? {});
      const state = shards.flatMap(({ nodes }) => nodes).find((node) => node.id === id)?.state;
      if (state !== undefined && state !== 'expected' && state !== 'left') return true;
      await pause(LOOK_MS);
    }
    return false;
  } finally {
    await access.close();
  }
}
