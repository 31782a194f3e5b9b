/**
 * CPU time and memory of server, store and workers: of some processes and all that descend from them,
 * sampled from Linux's /proc. A process that ended and was waited for is in its parent's counters.
 */
import { readdirSync, readFileSync } from 'node:fs';

/** At one moment. */
export interface TreeSample {
  /** ms since the epoch. */
  readonly atMs: number;
  readonly cpuSeconds: number;
  /** Resident memory summed over processes: pages that they share count once for each. */
  readonly rssBytes: number;
}

/** One process as /proc/PID/stat has it, proc(5). */
export interface ProcessStat {
  readonly pid: number;
  readonly parent: number;
  /** Its own, and that of children it has waited for, in clock ticks. */
  readonly ticks: number;
  readonly startTicks: number;
  readonly rssPages: number;
}

/** USER_HZ, which Linux shows to programs on every architecture that Node runs on. */
const TICKS_PER_SECOND = 100;
const PAGE_BYTES = 4_096;
const SAMPLE_MS = 200;

export class ProcessTree {
  readonly #roots: number[];
  readonly #read: () => readonly ProcessStat[];
  /** Those seen so far, as last seen; one that lost its parent still belongs here. */
  readonly #known = new Map<number, ProcessStat>();
  /** Ticks of processes that ended and that nobody in the tree waited for. */
  #endedTicks = 0;
  #timer: NodeJS.Timeout | null = null;
  readonly samples: TreeSample[] = [];

  constructor(roots: readonly number[], read: () => readonly ProcessStat[] = readProcesses) {
    this.#roots = [...roots];
    this.#read = read;
  }

  /** Null where there is no /proc: then nothing is measured. */
  static start(roots: readonly number[]): ProcessTree | null {
    if (process.platform !== 'linux') return null;
    const tree = new ProcessTree(roots);
    tree.sample();
    tree.#timer = setInterval(() => tree.sample(), SAMPLE_MS);
    return tree;
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.sample();
  }

  sample(atMs = Date.now()): void {
    const all = new Map(this.#read().map((stat) => [stat.pid, stat]));
    const belongs = new Map<number, boolean>();
    const isOurs = (pid: number): boolean => {
      const stat = all.get(pid);
      if (stat === undefined) return false;
      const told = belongs.get(pid);
      if (told !== undefined) return told;
      belongs.set(pid, false);
      const isSame = this.#known.get(pid)?.startTicks === stat.startTicks;
      const ours = isSame || this.#roots.includes(pid) || isOurs(stat.parent);
      belongs.set(pid, ours);
      return ours;
    };
    const live = [...all.values()].filter(({ pid }) => isOurs(pid));
    for (const stat of this.#known.values()) {
      if (all.get(stat.pid)?.startTicks === stat.startTicks) continue;
      if (!this.#known.has(stat.parent)) this.#endedTicks += stat.ticks;
      this.#known.delete(stat.pid);
    }
    for (const stat of live) this.#known.set(stat.pid, stat);
    const ticks = live.reduce((sum, stat) => sum + stat.ticks, this.#endedTicks);
    const pages = live.reduce((sum, stat) => sum + stat.rssPages, 0);
    this.samples.push({
      atMs,
      cpuSeconds: ticks / TICKS_PER_SECOND,
      rssBytes: pages * PAGE_BYTES,
    });
  }

  /** CPU spent between two moments, and the most memory in between; exact to a sample, 0.2 s. */
  between(fromMs: number, toMs: number): { cpuSeconds: number; peakRssBytes: number } {
    const first = this.samples.findLast(({ atMs }) => atMs <= fromMs) ?? this.samples[0]!;
    const last = this.samples.find(({ atMs }) => atMs >= toMs) ?? this.samples.at(-1)!;
    const inside = this.samples.filter(({ atMs }) => atMs >= first.atMs && atMs <= last.atMs);
    return {
      cpuSeconds: last.cpuSeconds - first.cpuSeconds,
      peakRssBytes: Math.max(...inside.map(({ rssBytes }) => rssBytes)),
    };
  }
}

function readProcesses(): ProcessStat[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      return [statOf(Number(name), readFileSync(`/proc/${name}/stat`, 'utf8'))];
    } catch {
      // It ended between the list and the look.
      return [];
    }
  });
}

/** The command name is in parentheses and may hold blanks, so fields are counted behind it. */
function statOf(pid: number, text: string): ProcessStat {
  const fields = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const [parent, utime, stime] = [fields[1]!, fields[11]!, fields[12]!];
  const [cutime, cstime, startTicks, rssPages] = [
    fields[13]!,
    fields[14]!,
    fields[19]!,
    fields[21]!,
  ];
  return { pid, parent, ticks: utime + stime + cutime + cstime, startTicks, rssPages };
}
