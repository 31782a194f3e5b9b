/**
 * The ids of a feed that is looked through, each with its line. A map of texts takes 60 to 80 bytes an id,
 * all of them for the collector to walk; here it is 20 to 40 and the characters, outside of the heap.
 */
import { LABEL_CHARS_MAX } from '../../fabric/mission/fields.ts';
import { grown } from './grown.ts';

/** What the ends can count. */
const CHARS_MAX = 0xffff_ffff;

/** Ids are labels, so a character is a byte. */
export class SeenIds {
  #count = 0;
  /** By number of the id: where its characters end, its hash, its line. */
  #ends = new Uint32Array(1_024);
  #hashes = new Uint32Array(1_024);
  #lines = new Uint32Array(1_024);
  #chars = new Uint8Array(16 * 1_024);
  /** By hash, the next free place where that is taken: the id's number + 1, or 0. At most half full. */
  #places = new Uint32Array(2_048);

  /** Takes the id of a line; the line that had it before, or null. Throws a RangeError past 4 GB of ids. */
  add(id: string, line: number): number | null {
    if (this.#count === this.#ends.length) this.#grow();
    const start = this.#startOf(this.#count);
    if (start + LABEL_CHARS_MAX > this.#chars.length) {
      if (start + LABEL_CHARS_MAX > CHARS_MAX) throw new RangeError('a feed of over 4 GB of ids');
      this.#chars = grown(this.#chars);
    }
    const hash = this.#write(id, start);
    const mask = this.#places.length - 1;
    let place = hash & mask;
    for (; this.#places[place] !== 0; place = (place + 1) & mask) {
      const other = this.#places[place]! - 1;
      if (this.#hashes[other] === hash && this.#isSame(other, start, id.length)) {
        return this.#lines[other]!;
      }
    }
    this.#places[place] = this.#count + 1;
    this.#ends[this.#count] = start + id.length;
    this.#hashes[this.#count] = hash;
    this.#lines[this.#count] = line;
    this.#count++;
    return null;
  }

  #startOf(id: number): number {
    return id === 0 ? 0 : this.#ends[id - 1]!;
  }

  /** Writes the id's characters behind all others; returns its hash: FNV-1a, its bits mixed as MurmurHash3 does. */
  #write(id: string, start: number): number {
    let hash = 0x811c9dc5;
    for (let i = 0; i < id.length; i++) {
      const char = id.charCodeAt(i);
      this.#chars[start + i] = char;
      hash = Math.imul(hash ^ char, 0x01000193);
    }
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    return (hash ^ (hash >>> 16)) >>> 0;
  }

  #isSame(other: number, start: number, length: number): boolean {
    const otherStart = this.#startOf(other);
    if (this.#ends[other]! - otherStart !== length) return false;
    for (let i = 0; i < length; i++) {
      if (this.#chars[otherStart + i] !== this.#chars[start + i]) return false;
    }
    return true;
  }

  #grow(): void {
    this.#ends = grown(this.#ends);
    this.#hashes = grown(this.#hashes);
    this.#lines = grown(this.#lines);
    const places = new Uint32Array(2 * this.#places.length);
    const mask = places.length - 1;
    for (let id = 0; id < this.#count; id++) {
      let place = this.#hashes[id]! & mask;
      while (places[place] !== 0) place = (place + 1) & mask;
      places[place] = id + 1;
    }
    this.#places = places;
  }
}
