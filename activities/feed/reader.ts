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
  readonly #classes: GrowingClass[] = [];
  /** The class of the job before: mostly that of the next one too. */
  #last: GrowingClass | null = null;
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
    if (this.#last !== null && isSame(this.#last.traits, traits)) {
      const { ordinals } = this.#last;
      this.#next += jobs;
      ordinals[ordinals.length - 1] = this.#next;
      return true;
    }
    if (this.#intervals >= PAGE_INTERVALS_MAX) return false;
    let own = this.#classes.find((known) => isSame(known.traits, traits));
    if (own === undefined) {
      if (this.#classes.length >= LIMITS.pageClassesMax) return false;
      own = { traits, ordinals: [] };
      this.#classes.push(own);
    }
    own.ordinals.push(this.#next, this.#next + jobs);
    this.#intervals++;
    this.#next += jobs;
    this.#last = own;
    return true;
  }

  /** The page so far; classes in the order of their first jobs. */
  page(): PullOutput {
    const classes = this.#classes.map(({ traits, ordinals }): PageClass => ({
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

/** Field by field, since this is asked of every job of a page. Skills are sorted. */
function isSame(one: JobTraits, other: JobTraits): boolean {
  return (
    one.kind === other.kind &&
    one.priority === other.priority &&
    one.value === other.value &&
    one.latencyBudgetMs === other.latencyBudgetMs &&
    one.estimateMs === other.estimateMs &&
    one.skills.length === other.skills.length &&
    one.skills.every((skill, i) => skill === other.skills[i])
  );
}
