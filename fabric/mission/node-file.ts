/**
 * The file of a node that is started by hand: how it does its jobs and what it offers, in the words of a
 * mission's nodes. Its id and its shard are said where it is started.
 */
import { z } from 'zod';
import { timeoutProblem } from './adapter.ts';
import { unsafeKeys } from './check.ts';
import { expectedText, schemaProblems, type Problem } from './problems.ts';
import { node, type MissionNode } from './schema.ts';

/** The node of a mission without what places it. */
export const nodeFileSchema = node
  .omit({ id: true, shard: true, count: true })
  .extend({ $schema: z.string().optional().describe('Address of this schema, for editors.') })
  .describe('A node of the Planetary Orchestrator Fabric that is started by hand.')
  .meta({ title: 'Node' });

export type NodeFile = z.output<typeof nodeFileSchema>;

export type NodeCheck =
  | { readonly ok: true; readonly node: MissionNode }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/**
 * Checks any value as a node file, for a fabric whose leases may take `leaseTimeoutMs`. Never throws; the
 * files it names are not looked at.
 */
export function checkNodeFile(
  input: unknown,
  { id, shard }: Pick<MissionNode, 'id' | 'shard'>,
  leaseTimeoutMs: number,
): NodeCheck {
  const unsafe = unsafeKeys(input);
  if (unsafe.length > 0) return { ok: false, problems: unsafe };
  const parsed = nodeFileSchema.safeParse(input, { error: expectedText });
  if (!parsed.success) return { ok: false, problems: schemaProblems(input, parsed.error) };
  const late = timeoutProblem(parsed.data.adapter, leaseTimeoutMs, 'adapter');
  if (late !== null) return { ok: false, problems: [late] };
  const { $schema: _, ...rest } = parsed.data;
  return { ok: true, node: { ...rest, id, shard, count: 1 } };
}
