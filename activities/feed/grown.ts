/** Columns of numbers, a row a line of a feed: outside of the heap, so that a million rows cost no collection. */

/** The same numbers in an array twice as long. */
export function grown<T extends Float64Array | Uint32Array | Uint8Array>(column: T): T {
  const longer = new (column.constructor as new (length: number) => T)(2 * column.length);
  longer.set(column);
  return longer;
}
