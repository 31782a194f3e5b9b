/**
 * The files of single nodes: one that joins a running fabric, in the words of a mission's nodes, and one that
 * changes what a node offers.
 */
import { z } from 'zod';
import type { NodeChange } from '../policy.ts';
import { timeoutProblem } from './adapter.ts';
import { unsafeKeys } from './check.ts';
import { name, object } from './fields.ts';
import { changeExpected, changeFields, changesSomething } from './node-fields.ts';
import { expectedText, schemaProblems, type Problem } from './problems.ts';
import { node, type MissionNode } from './schema.ts';

const $schema = z.string().optional().describe('Address of this schema, for editors.');

/** One node of a mission; id and shard may be said where it is started instead. */
export const nodeFileSchema = node
  .omit({ count: true })
  .extend({ $schema, id: node.shape.id.optional(), shard: node.shape.shard.optional() })
  .describe('A node of the Planetary Orchestrator Fabric that joins while it runs.')
  .meta({ title: 'Node' });

export type NodeFile = z.output<typeof nodeFileSchema>;

export type NodeCheck =
  | { readonly ok: true; readonly node: MissionNode }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/**
 * Checks any value as a node file, for a fabric whose leases may take `leaseTimeoutMs`. What `placed` says counts
 * more than what the file says. Never throws; the files it names are not looked at.
 */
export function checkNodeFile(
  input: unknown,
  placed: Partial<Pick<MissionNode, 'id' | 'shard'>>,
  leaseTimeoutMs: number,
): NodeCheck {
  const unsafe = unsafeKeys(input);
  if (unsafe.length > 0) return { ok: false, problems: unsafe };
  const parsed = nodeFileSchema.safeParse(input, { error: expectedText });
  if (!parsed.success) return { ok: false, problems: schemaProblems(input, parsed.error) };
  const {
    $schema: _,
    id = placed.id,
    shard = placed.shard,
    ...rest
  } = { ...parsed.data, ...placed };
  const late = timeoutProblem(rest.adapter, leaseTimeoutMs, 'adapter');
  if (late !== null) return { ok: false, problems: [late] };
  if (id !== undefined && shard !== undefined) {
    return { ok: true, node: { ...rest, id, shard, count: 1 } };
  }
  const missing = Object.entries({ id, shard }).filter(([, said]) => said === undefined);
  const problems = missing.map(([path]) => ({ path, found: 'nothing', expected: 'a name' }));
  return { ok: false, problems };
}

const nodeChangeSchema = object({ $schema, id: name(), ...changeFields }).refine(changesSomething, {
  error: changeExpected,
});

export type ChangeCheck =
  | { readonly ok: true; readonly id: string; readonly change: NodeChange }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Checks any value as a file that changes what a node offers. Never throws. */
export function checkNodeChange(input: unknown): ChangeCheck {
  const parsed = nodeChangeSchema.safeParse(input, { error: expectedText });
  if (!parsed.success) return { ok: false, problems: schemaProblems(input, parsed.error) };
  const { $schema: _, $comment: __, id, ...change } = parsed.data;
  return { ok: true, id, change: change as NodeChange };
}
