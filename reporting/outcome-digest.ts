/**
 * One digest for what a run came to. It covers what was decided about each job and nothing of how: not
 * the node, the shard, the order or the time. So a run that was killed and resumed has the same one.
 */
import { createHash } from 'node:crypto';
import type { JobTable } from './job-table.ts';

/** `sha256:…` over one line a job, `[feed,ordinal,status,attempts,code,result hash]`, sorted by identity. */
export function outcomeDigest(table: JobTable): string {
  const digest = createHash('sha256');
  const quoted = quotes();
  let lines = '';
  for (const { feed, ordinal, status, attempts, code, resultSha256 } of table.rows()) {
    // JSON, put together by hand: the other words need no escaping, and there may be millions of lines.
    lines += `[${quoted(feed)},${ordinal},"${status}",${attempts},${quoted(code)},"${resultSha256}"]\n`;
    if (lines.length < CHUNK_CHARS) continue;
    digest.update(lines);
    lines = '';
  }
  return `sha256:${digest.update(lines).digest('hex')}`;
}

/** The digest is handed lines by the thousand: a call for each would cost more than its bytes. */
const CHUNK_CHARS = 1 << 16;

/** JSON of words that come again and again. */
function quotes(): (word: string) => string {
  const known = new Map<string, string>();
  return (word) => {
    const json = known.get(word) ?? JSON.stringify(word);
    known.set(word, json);
    return json;
  };
}
