/**
 * One digest for what a run came to. It covers what was decided about each job and nothing of how: not
 * the node, the shard, the order or the time. So a run that was killed and resumed has the same one.
 */
import { createHash } from 'node:crypto';
import type { JobTable } from './job-table.ts';

/** `sha256:…` over one line a job, `[feed,ordinal,status,attempts,code,result hash]`, sorted by identity. */
export function outcomeDigest(table: JobTable): string {
  const digest = createHash('sha256');
  for (const { feed, ordinal, status, attempts, code, resultSha256 } of table.rows()) {
    digest.update(`${JSON.stringify([feed, ordinal, status, attempts, code, resultSha256])}\n`);
  }
  return `sha256:${digest.digest('hex')}`;
}
