/** Figures in words, for the table and the page alike. */
import { number } from '../../reporting/numbers.ts';
import type { Spread } from './result.ts';

const UNITS = ['B', 'kB', 'MB', 'GB'] as const;

/** `1.5 MB`; three digits. */
export function bytes(value: number): string {
  let unit = 0;
  let left = value;
  while (left >= 1_000 && unit < UNITS.length - 1) {
    left /= 1_000;
    unit += 1;
  }
  const digits = unit === 0 || left >= 100 ? 0 : 1;
  return `${left.toFixed(digits)} ${UNITS[unit]}`;
}

/** `12,345`; below 10 with one digit. */
export function whole(value: number): string {
  return number(value, value < 10 ? 1 : 0);
}

/** `123 (100–150)`; of one run alone, `123`. */
export function range({ median, least, most }: Spread, words: (value: number) => string): string {
  return least === most ? words(median) : `${words(median)} (${words(least)}–${words(most)})`;
}
