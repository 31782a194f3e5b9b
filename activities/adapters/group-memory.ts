/**
 * Watches the resident memory of process groups, some times a second. What is taken and given back between
 * two looks is not seen, and pages that processes share count for each of them: it is a guard against
 * jobs that eat memory, not a wall. Linux tells by `/proc`, other systems by `ps`.
 */
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';

const run = promisify(execFile);

const LOOK_PROC_MS = 50;
const LOOK_PS_MS = 250;
const PAGE_BYTES_USUAL = 4_096;
const KILOBYTE = 1_024;

interface Watched {
  readonly bytesMax: number;
  readonly onOver: (bytes: number) => void;
}

export class GroupMemory {
  readonly #watched = new Map<number, Watched>();
  readonly #isLinux: boolean;
  /** Processes that were seen in other groups; theirs need not be read again. */
  #strangers = new Set<number>();
  #pageBytes = PAGE_BYTES_USUAL;
  #looks = false;

  constructor(platform: NodeJS.Platform = process.platform) {
    this.#isLinux = platform === 'linux';
  }

  /** Asks the system how large a page is. */
  async open(): Promise<void> {
    const asked = await run('getconf', ['PAGESIZE']).catch(() => ({ stdout: '' }));
    this.#pageBytes = Number(asked.stdout) || PAGE_BYTES_USUAL;
  }

  /** Calls `onOver` once when the group holds more; until the returned function is called. */
  watch(group: number, bytesMax: number, onOver: (bytes: number) => void): () => void {
    this.#watched.set(group, { bytesMax, onOver });
    if (!this.#looks) this.#lookLater();
    return () => void this.#watched.delete(group);
  }

  #lookLater(): void {
    this.#looks = true;
    const inMs = this.#isLinux ? LOOK_PROC_MS : LOOK_PS_MS;
    setTimeout(() => void this.#look(), inMs).unref();
  }

  async #look(): Promise<void> {
    const held = this.#isLinux ? this.#ofProc() : await ofPs();
    for (const [group, bytes] of held) {
      const watched = this.#watched.get(group);
      if (watched === undefined || bytes <= watched.bytesMax) continue;
      this.#watched.delete(group);
      watched.onOver(bytes);
    }
    if (this.#watched.size > 0) return this.#lookLater();
    this.#looks = false;
    // By the next look their ids may be those of other processes.
    this.#strangers.clear();
  }

  /** Bytes by group, of the groups that are watched. */
  #ofProc(): Map<number, number> {
    const held = new Map<number, number>();
    const strangers = new Set<number>();
    for (const name of readdirSync('/proc')) {
      const pid = Number(name);
      if (!Number.isInteger(pid)) continue;
      if (this.#strangers.has(pid)) {
        strangers.add(pid);
        continue;
      }
      const found = statOf(pid);
      if (found === null) continue;
      if (this.#watched.has(found.group)) {
        held.set(found.group, (held.get(found.group) ?? 0) + found.pages * this.#pageBytes);
      } else strangers.add(pid);
    }
    this.#strangers = strangers;
    return held;
  }
}

/** Process group and resident pages: fields 5 and 24 of `/proc/<pid>/stat`, proc(5). Null when it is gone. */
function statOf(pid: number): { readonly group: number; readonly pages: number } | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command's name may hold blanks, so fields are counted behind it; the first there is the third.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { group: Number(fields[2]), pages: Number(fields[21]) };
  } catch {
    return null;
  }
}

async function ofPs(): Promise<Map<number, number>> {
  const held = new Map<number, number>();
  const { stdout } = await run('ps', ['-A', '-o', 'pgid=,rss=']).catch(() => ({ stdout: '' }));
  for (const line of stdout.split('\n')) {
    const [group, kilobytes] = line.trim().split(/\s+/).map(Number);
    if (group === undefined || kilobytes === undefined) continue;
    held.set(group, (held.get(group) ?? 0) + kilobytes * KILOBYTE);
  }
  return held;
}
