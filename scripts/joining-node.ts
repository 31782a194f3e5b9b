/**
 * A node that is started by hand, before it joins: its file read and checked as a mission's nodes are, its
 * shard found, and its name not taken by a node that lives.
 */
import { dirname, resolve } from 'node:path';
import type { RunNode, RunSpec } from '../fabric/mission/run-spec.ts';
import { name } from '../fabric/mission/fields.ts';
import { runNodes } from '../fabric/mission/fill.ts';
import { checkNodeFile } from '../fabric/mission/node-file.ts';
import { quoted } from '../fabric/mission/problems.ts';
import { shardId } from '../workflows/protocol.ts';
import { UsageError } from './exit-code.ts';
import type { FabricAccess } from './fabric-access.ts';
import { fetchStatus } from './fabric-access.ts';
import { pause } from './interruption.ts';
import { adapterProblems } from './mission/adapter-files.ts';
import { MissionError } from './mission/mission-error.ts';
import { readJsonFile } from './mission/mission-file.ts';
import type { Place } from './place.ts';

/** What was said of the node where it was started; options count more than its file. */
export interface NodeWish {
  readonly shard: string;
  readonly id: string;
  /** Path of its file. */
  readonly adapter?: string;
  readonly skills?: readonly string[];
  readonly slots?: number;
  readonly price?: number;
}

/** A node that was just killed is given up by then, and may come back. */
const TAKEN_FOR_MS = 5_000;
/** A living host registers a node that was lost again within a second or two, as on a busy machine. */
const LOST_FOR_MS = 4_000;
const LOOK_MS = 200;
const GONE: ReadonlySet<string> = new Set(['expected', 'left', 'removed']);

/**
 * The node as its host takes it. Throws UsageError or MissionError, both exit code 2, with one line a
 * problem: a shard that is not open, a name that is bad or taken, a file that is wrong.
 */
export async function joiningNode(
  access: FabricAccess,
  spec: RunSpec,
  wish: NodeWish,
  place: Pick<Place, 'folder'>,
): Promise<RunNode> {
  const node = nodeOf(wish, spec, place.folder);
  await requireShard(access, spec, wish.shard);
  await refuseTaken(access, wish.id);
  return node;
}

/** Reads and checks what can be checked without the fabric. */
export function nodeOf(
  wish: NodeWish,
  { policy }: Pick<RunSpec, 'policy'>,
  workingFolder: string,
): RunNode {
  for (const key of ['id', 'shard'] as const) {
    const parsed = name().safeParse(wish[key]);
    if (parsed.success) continue;
    const expected = parsed.error.issues[0]!.message;
    throw new UsageError(`--${key}: found ${quoted(wish[key])}; expected ${expected}`);
  }
  return nodeFrom(wish.adapter ?? null, wish, { policy }, workingFolder);
}

/**
 * A node as its file has it, and as `wish` says where that says more; without a file it simulates jobs. Throws
 * MissionError.
 */
export function nodeFrom(
  source: string | null,
  wish: Partial<NodeWish>,
  { policy }: Pick<RunSpec, 'policy'>,
  workingFolder: string,
): RunNode {
  const { id, shard } = wish;
  const placed = { ...(id === undefined ? {} : { id }), ...(shard === undefined ? {} : { shard }) };
  const path = source === null ? null : resolve(workingFolder, source);
  const folder = path === null ? workingFolder : dirname(path);
  const file = path === null ? {} : readJsonFile(path, source!, 'a file of one node');
  const checked = checkNodeFile(withOptions(file, wish), placed, policy.leaseTimeoutMs);
  const origin = source ?? 'worker node';
  if (!checked.ok) throw new MissionError(origin, checked.problems);
  const missing = adapterProblems(checked.node.adapter, folder, 'adapter');
  if (missing.length > 0) throw new MissionError(origin, missing);
  return runNodes({ nodes: [checked.node] }, (named) => resolve(folder, named))[0]!;
}

function withOptions(file: unknown, { skills, slots, price }: Partial<NodeWish>): unknown {
  if (typeof file !== 'object' || file === null || Array.isArray(file)) return file;
  return {
    ...file,
    ...(skills === undefined ? {} : { skills }),
    ...(slots === undefined ? {} : { slots }),
    ...(price === undefined ? {} : { pricePerJob: price }),
  };
}

async function requireShard(access: FabricAccess, spec: RunSpec, shard: string): Promise<void> {
  const handle = access.client.workflow.getHandle(shardId(spec.fabric, shard));
  const described = await access.call(() => handle.describe()).catch(() => null);
  if (described?.status.name === 'RUNNING') return;
  const known = spec.shards.map((each) => each.name).join(', ');
  throw new UsageError(`--shard: found ${quoted(shard)}; expected one that is open, of ${known}`);
}

/** Two hosts of one name would take it from each other for ever. */
async function refuseTaken(access: FabricAccess, id: string): Promise<void> {
  const state = async (): Promise<string | null> => {
    const shown = await fetchStatus(access).catch(() => null);
    const nodes = Object.values(shown?.status.shards ?? {}).flatMap((shard) => shard.nodes);
    return nodes.find((node) => node.id === id && !GONE.has(node.state))?.state ?? null;
  };
  if (await isFree(state, { takenMs: TAKEN_FOR_MS, lostMs: LOST_FOR_MS })) return;
  const found = `${quoted(id)}, which a living node has`;
  throw new UsageError(`--id: found ${found}; expected a name of its own`);
}

/**
 * True once no node has the name, by its `state` (null: none), or the one that had it has been lost for
 * `lostMs`; false when it is still there, and not lost, after `takenMs`.
 */
export async function isFree(
  state: () => Promise<string | null>,
  { takenMs, lostMs }: { readonly takenMs: number; readonly lostMs: number },
): Promise<boolean> {
  const deadlineMs = Date.now() + takenMs;
  let lostSinceMs: number | null = null;
  for (;;) {
    const seen = await state();
    const nowMs = Date.now();
    if (seen === null) return true;
    lostSinceMs = seen === 'lost' ? (lostSinceMs ?? nowMs) : null;
    if (lostSinceMs === null && nowMs >= deadlineMs) return false;
    if (lostSinceMs !== null && nowMs >= lostSinceMs + lostMs) return true;
    await pause(LOOK_MS);
  }
}
