/** What is missing on the disk that a loss of power has left. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readCheckpoint } from '../../activities/checkpoint.ts';
import { readLedgerGroups } from '../../activities/ledger.ts';
import { readSegment } from '../../activities/results.ts';
import { readRunSpec } from '../../scripts/state.ts';
import type { Acknowledged, AppendedGroup } from './acknowledged.ts';
import { eventsByRun } from './server-database.ts';
import type { Image } from './synced-image.ts';
import { DATABASE, SHARDS, type Traced } from './traced-run.ts';

/** Puts the image on disk in the place of what stood at `folder`, and tells where a path of the run is there. */
export function lay(files: Image, root: string, folder: string): (path: string) => string {
  const at = (path: string): string => folder + path.slice(root.length);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  for (const [path, bytes] of files) {
    mkdirSync(dirname(at(path)), { recursive: true });
    writeFileSync(at(path), bytes);
  }
  return at;
}

/** The last event of each workflow run that somebody had been told of. */
export function toldEvents(told: readonly Acknowledged[]): Map<string, number> {
  const last = new Map<string, number>();
  for (const each of told) {
    if (each.kind !== 'events') continue;
    last.set(each.runId, Math.max(each.through, last.get(each.runId) ?? 0));
  }
  return last;
}

/**
 * What had been told of and is not in the image, which is put on disk at `folder`; what the ledger there points at
 * and is not there; and whatever can't be read.
 */
export async function missingAt(
  { root, runId, runFolder }: Traced,
  files: Image,
  told: readonly Acknowledged[],
  folder: string,
): Promise<string[]> {
  const at = lay(files, root, folder);
  const reports = join(root, 'reports', 'planetary-fabric');
  const missing: string[] = [];
  const look = async (what: string, read: () => unknown): Promise<void> => {
    try {
      await read();
    } catch (error) {
      missing.push(`${what}: ${String(error)}`);
    }
  };
  await look('spec', () => readRunSpec(at(join(root, '.planetary-fabric')), runId));
  await look('database', () => {
    const found = eventsByRun(at(join(runFolder, DATABASE)));
    for (const [run, through] of toldEvents(told)) {
      const has = found.get(run) ?? 0;
      if (has < through) missing.push(`${run}: ${has} of the ${through} events told of`);
    }
  });
  const results = at(join(reports, 'results', runId));
  const last = new Map<string, AppendedGroup>();
  for (const each of told) {
    if (each.kind === 'group') last.set(each.chain, each);
    else if (each.kind === 'segment') {
      await look(each.segment.name, () => readSegment(results, each.segment));
    } else if (each.kind === 'checkpoint') {
      await look(each.path, async () => {
        const { sha256 } = await readCheckpoint(at(each.path));
        if (sha256 !== each.sha256) throw new Error(`it has digest ${sha256}`);
      });
    }
  }
  for (const chain of [...SHARDS, 'orchestrator']) {
    await look(chain, async () => {
      const known = last.get(chain);
      const groups = readLedgerGroups(at(join(reports, 'ledger', runId, chain)), known);
      for await (const { entries } of groups) {
        for (const entry of entries) {
          if (entry.type !== 'outcome' || entry.segment === null) continue;
          const { segment } = entry;
          await look(`outcome of ${entry.fence}`, () => readSegment(results, segment));
        }
      }
    });
  }
  return missing;
}
