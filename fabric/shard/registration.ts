/** Registrations of nodes as they come in: a node host is another process, and a hand may send one too. */
import { z } from 'zod';
import { LIMITS } from '../limits.ts';
import { name } from '../mission/fields.ts';
import { offerFields } from '../mission/node-fields.ts';
import { expectedText, problemLine, schemaProblems } from '../mission/problems.ts';
import type { NodeSpec } from '../policy.ts';
import { reason, type Reason } from '../reasons.ts';

const registration = z.strictObject({
  node: z.object({ id: name(), shard: name(), ...offerFields }),
  session: z.string().min(1).max(LIMITS.failureMessageCharsMax),
});

export type Registration =
  | { readonly node: NodeSpec; readonly session: string; readonly problem: null }
  | { readonly problem: Reason };

/** Reads a registration for this shard. Never throws. */
export function parseRegistration(input: unknown, shard: string): Registration {
  const parsed = registration.safeParse(input, { error: expectedText });
  if (!parsed.success) {
    const problem = schemaProblems(input, parsed.error).slice(0, 3).map(problemLine).join('; ');
    return { problem: reason('bad-arguments', { problem }) };
  }
  const { node, session } = parsed.data;
  if (node.shard !== shard) {
    const problem = `node.shard: found "${node.shard}"; expected "${shard}"`;
    return { problem: reason('bad-arguments', { problem }) };
  }
  return { node, session, problem: null };
}
