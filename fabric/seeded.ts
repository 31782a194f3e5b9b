/**
 * Numbers that look random and follow from a job's own identity alone, so that the same job has the
 * same fate on any node, in any order, today and in a replay.
 */

/**
 * A number from 0 up to, not including, 1, drawn from the parts. The hash is FNV-1a (32 bit, over
 * UTF-16 code units, a separator after each part) finished by MurmurHash3's 32-bit mixer, which
 * spreads the neighbouring ordinals that FNV alone leaves close together. The draw has 32 bits.
 */
export function seededUnit(...parts: readonly (string | number)[]): number {
  return mix(hashed(OFFSET_BASIS, parts)) / 0x1_0000_0000;
}

/** `seededUnit` of parts that begin with these: their hash is taken once for all draws. */
export function seededBy(
  ...first: readonly (string | number)[]
): (...more: readonly (string | number)[]) => number {
  const begun = hashed(OFFSET_BASIS, first);
  return (...more) => mix(hashed(begun, more)) / 0x1_0000_0000;
}

const OFFSET_BASIS = 0x811c9dc5;

function hashed(begun: number, parts: readonly (string | number)[]): number {
  let hash = begun;
  for (const part of parts) {
    const text = String(part);
    for (let i = 0; i < text.length; i++) hash = step(hash, text.charCodeAt(i));
    hash = step(hash, SEPARATOR);
  }
  return hash;
}

/** No code unit of well-formed text, so that `('1', '23')` and `('12', '3')` differ. */
const SEPARATOR = 0xffff;

function step(hash: number, codeUnit: number): number {
  return Math.imul(hash ^ codeUnit, 0x01000193);
}

function mix(hash: number): number {
  let h = hash;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
