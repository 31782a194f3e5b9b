/**
 * How the relief desk's list writes numbers, times and other people's text, the same in the table, the
 * CSV file and the terminal.
 */
import { grouped } from '../../fabric/mission/problems.ts';
import type { NearestPlace } from './result.ts';

/** Control characters and direction marks, which could rewrite a terminal's line. */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu;

/** Text from a feed as one printable line. */
export function plainText(text: string): string {
  return text.replace(UNPRINTABLE, ' ').trim();
}

/** `1 event`, `1,707 events`. */
export function countText(count: number, noun: string): string {
  return `${grouped(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** People to two figures, since places are points and shaking is an estimate: `350,000`. */
export function peopleRounded(people: number): string {
  return grouped(people === 0 ? 0 : Number(people.toPrecision(2)));
}

/** `Hualien City (TW) 22.4 km`. */
export function placeText({ name, country, distanceKm }: NearestPlace): string {
  return `${plainText(name)} (${plainText(country)}) ${distanceKm.toFixed(1)} km`;
}

/** `2018-02-06 15:50:42`, in UTC. */
export function utcText(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 19).replace('T', ' ');
}
