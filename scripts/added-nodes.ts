/**
 * Nodes that the owner has added to a running fabric. Each is kept as a file beside the run's spec: the spec of a run
 * of this one node. The fabric's supervisor starts a process for each, and again when the run is continued.
 */
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { RunNode, RunSpec } from '../fabric/mission/run-spec.ts';
import { writeAtomic } from './state.ts';

const ENDING = '.json';

/** Keeps a node for the supervisor of the run with this spec file, which starts it a moment later. */
export async function addNode(specFile: string, spec: RunSpec, node: RunNode): Promise<void> {
  const file = join(folderOf(specFile), `${node.id}${ENDING}`);
  await writeAtomic(file, `${JSON.stringify({ ...spec, nodes: [node] }, null, 2)}\n`);
}

/** The nodes that were added to the run with this spec file, by id. None where the folder can't be read. */
export function addedNodes(specFile: string): { readonly id: string; readonly specFile: string }[] {
  const folder = folderOf(specFile);
  try {
    const names = readdirSync(folder).filter((name) => name.endsWith(ENDING));
    return names
      .sort()
      .map((name) => ({ id: name.slice(0, -ENDING.length), specFile: join(folder, name) }));
  } catch {
    return [];
  }
}

function folderOf(specFile: string): string {
  return join(dirname(specFile), 'added-nodes');
}
