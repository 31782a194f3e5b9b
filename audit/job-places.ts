/**
 * Where every job is, as the ledger tells it entry by entry: the columns that the audit replays a run into,
 * 8 bytes a job. A job has one place at a time by the shape of it, so an entry that takes a job from a
 * place where it is not is a second owner, and shows at that entry.
 */
import { isOrdinals, type Ordinals } from '../fabric/ordinals.ts';
import { ORDINALS_MAX } from '../reporting/job-columns.ts';

export const PLACES = [
  'unknown',
  'queued',
  'leased',
  'in transit',
  'completed',
  'failed',
  'cancelled',
  'refused',
] as const;

export type Place = (typeof PLACES)[number];

/** A place as an entry means it. `holder` is the lease's number, or the transfer's index; else 0. */
export interface Whereabouts {
  readonly place: Place;
  readonly shard: string;
  readonly holder: number;
  /** The attempt that the job waits for or is at. */
  readonly attempt: number;
}

/** Jobs that were elsewhere than an entry says: how many, and where the first of them was. */
export interface Misplaced {
  readonly feed: string;
  readonly ordinal: number;
  readonly jobs: number;
  readonly was: Whereabouts;
}

const INDEX = Object.fromEntries(PLACES.map((place, i) => [place, i])) as Record<Place, number>;

class Columns {
  length = 0;
  place = new Uint8Array(0);
  shard = new Uint8Array(0);
  attempt = new Uint16Array(0);
  holder = new Uint32Array(0);

  reach(length: number): void {
    if (length <= this.length) return;
    this.length = length;
    if (length <= this.place.length) return;
    const size = Math.min(ORDINALS_MAX, Math.max(1_024, length, this.place.length * 2));
    this.place = grown(this.place, new Uint8Array(size));
    this.shard = grown(this.shard, new Uint8Array(size));
    this.attempt = grown(this.attempt, new Uint16Array(size));
    this.holder = grown(this.holder, new Uint32Array(size));
  }
}

export class JobPlaces {
  readonly #feeds = new Map<string, Columns>();
  readonly #shards: string[] = [];

  /**
   * Moves jobs from one place to another, whatever was wrong about it, so that one failure is not followed
   * by a hundred of its kind. Returns the jobs that were not where they were to be taken from, those that
   * were in the same wrong place together. Ordinals that can't be move nothing.
   */
  move(feed: string, ordinals: Ordinals, from: Whereabouts, to: Whereabouts): Misplaced[] {
    const columns = this.#reach(feed, ordinals);
    if (!columns) return [];
    const { place, shard, attempt, holder } = columns;
    const [fromPlace, fromShard] = [INDEX[from.place], this.#indexOf(from.shard)];
    const [toPlace, toShard] = [INDEX[to.place], this.#indexOf(to.shard)];
    const misplaced = new Map<string, { ordinal: number; jobs: number; was: Whereabouts }>();
    for (let i = 0; i < ordinals.length; i += 2) {
      for (let ordinal = ordinals[i]!; ordinal < ordinals[i + 1]!; ordinal++) {
        const isThere =
          place[ordinal] === fromPlace &&
          (fromPlace === 0 ||
            (shard[ordinal] === fromShard &&
              holder[ordinal] === from.holder &&
              attempt[ordinal] === from.attempt));
        if (!isThere) this.#note(misplaced, columns, ordinal);
        place[ordinal] = toPlace;
        shard[ordinal] = toShard;
        holder[ordinal] = to.holder;
        attempt[ordinal] = to.attempt;
      }
    }
    return [...misplaced.values()].map((each) => ({ feed, ...each }));
  }

  /** Every job by its place, and in which shard: for those that have ended, where they did. */
  count(): Map<Place, Map<string, number>> {
    const counts = PLACES.map(() => this.#shards.map(() => 0));
    for (const { length, place, shard } of this.#feeds.values()) {
      for (let ordinal = 0; ordinal < length; ordinal++) {
        if (place[ordinal] !== 0) counts[place[ordinal]!]![shard[ordinal]!]! += 1;
      }
    }
    return new Map(
      PLACES.map((name, i) => [
        name,
        new Map(this.#shards.map((shard, at) => [shard, counts[i]![at]!])),
      ]),
    );
  }

  #note(
    misplaced: Map<string, { ordinal: number; jobs: number; was: Whereabouts }>,
    columns: Columns,
    ordinal: number,
  ): void {
    const was: Whereabouts = {
      place: PLACES[columns.place[ordinal]!]!,
      shard: this.#shards[columns.shard[ordinal]!] ?? '',
      holder: columns.holder[ordinal]!,
      attempt: columns.attempt[ordinal]!,
    };
    const key = JSON.stringify(was);
    const known = misplaced.get(key);
    misplaced.set(key, known ? { ...known, jobs: known.jobs + 1 } : { ordinal, jobs: 1, was });
  }

  #reach(feed: string, ordinals: Ordinals): Columns | null {
    const end = ordinals.at(-1) ?? 0;
    if (!isOrdinals(ordinals) || end > ORDINALS_MAX) return null;
    const columns = this.#feeds.get(feed) ?? new Columns();
    columns.reach(end);
    this.#feeds.set(feed, columns);
    return columns;
  }

  #indexOf(shard: string): number {
    const known = this.#shards.indexOf(shard);
    return known >= 0 ? known : this.#shards.push(shard) - 1;
  }
}

function grown<T extends { set(from: T): void }>(from: T, to: T): T {
  to.set(from);
  return to;
}
