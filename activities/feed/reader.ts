/**
 * How a feed is read, whatever it is made of: the pull activity reads pages of traits, the nodes read
 * bodies. Both are pure in their arguments: the same page and the same bodies for ever.
 */
import type { JobBody, JobTraits, PageClass } from '../../fabric/job.ts';
import { LIMITS } from '../../fabric/limits.ts';
import type { Ordinals } from '../../fabric/ordinals.ts';
import type { PullOutput } from '../contracts.ts';

export interface FeedReader {
  /**
   * The classes of up to `count` jobs from ordinal `from` on. Fewer jobs are returned at the end of the
   * feed, past `LIMITS.pageJobsMax`, and where the jobs differ too much for one page; never none
   * unless `from` is at the feed's end or `count` is 0.
   */
  page(from: number, count: number): Promise<PullOutput>;
  /** Bodies in the order of `ordinals`. Throws a RangeError for an ordinal that the feed does not have. */
  bodies(ordinals: Ordinals): Promise<JobBody[]>;
}

/** Intervals of all classes of a page: jobs of mixed traits weigh two numbers each. */
export const PAGE_INTERVALS_MAX = 2_000;

interface GrowingClass {
  readonly traits: JobTraits;
  readonly ordinals: number[];
}

/** Sorts jobs, handed over in the order of their ordinals, into the classes of one page. */
export class PageSorter {
  readonly #from: number;
  readonly #classes = new Map<string, GrowingClass>();
  #next: number;
  #intervals = 0;

  constructor(from: number) {
    this.#from = from;
    this.#next = from;
  }

  /**
   * Takes the next `jobs` neighbouring jobs of these traits. False, and nothing taken, where the page
   * has no room for one more class or interval.
   */
  add(traits: JobTraits, jobs = 1): boolean {
    const key = traitsKey(traits);
    const known = this.#classes.get(key);
    const grows = known?.ordinals.at(-1) === this.#next;
    if (!known && this.#classes.size >= LIMITS.pageClassesMax) return false;
    if (!grows && this.#intervals >= PAGE_INTERVALS_MAX) return false;
    const ordinals = known?.ordinals ?? [];
    if (!known) this.#classes.set(key, { traits, ordinals });
    if (grows) ordinals[ordinals.length - 1] = this.#next + jobs;
    else {
      ordinals.push(this.#next, this.#next + jobs);
      this.#intervals++;
    }
    this.#next += jobs;
    return true;
  }

  /** The page so far; classes in the order of their first jobs. */
  page(): PullOutput {
    const classes = [...this.#classes.values()].map(({ traits, ordinals }): PageClass => ({
      ...traits,
      ordinals,
    }));
    return { count: this.#next - this.#from, classes };
  }
}

/** How many jobs a page may hold that starts at `from` of a feed with `total`. */
export function pageRoom(from: number, count: number, total: number): number {
  return Math.max(0, Math.min(count, LIMITS.pageJobsMax, total - from));
}

function traitsKey(traits: JobTraits): string {
  const { kind, skills, priority, latencyBudgetMs, value, estimateMs } = traits;
  return JSON.stringify([kind, skills, priority, latencyBudgetMs, value, estimateMs]);
}
