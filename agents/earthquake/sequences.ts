/**
 * Which events belong to one sequence, by the windows of Gardner and Knopoff (1974), "Is the sequence of
 * earthquakes in Southern California, with aftershocks removed, Poissonian?", Bulletin of the
 * Seismological Society of America 64:1363–1367, in the usual fit to their table. The windows were made
 * for magnitudes from 2.5 up; below, the fit is carried on and gives a few km and hours.
 */
import { around, distance } from 'geokdbush';
import KDBush from 'kdbush';

/** What of an event decides its sequence. */
export interface Shock {
  readonly id: string;
  readonly magnitude: number;
  readonly timeMs: number;
  readonly longitude: number;
  readonly latitude: number;
}

/** A mainshock and what belongs to it. */
export interface Sequence<Event extends Shock> {
  /** The largest; of equal ones the earliest. */
  readonly mainshock: Event;
  /** By time. */
  readonly foreshocks: readonly Event[];
  /** By time. */
  readonly aftershocks: readonly Event[];
}

const DAY_MS = 86_400_000;

/** How far from a shock of that magnitude others may belong to it, in km. */
export function windowKm(magnitude: number): number {
  return 10 ** (0.1238 * magnitude + 0.983);
}

/** How long after a shock of that magnitude others may belong to it, in days. */
export function windowDays(magnitude: number): number {
  return 10 ** (magnitude >= 6.5 ? 0.032 * magnitude + 2.7389 : 0.5409 * magnitude - 0.547);
}

/**
 * Every event in exactly one sequence, largest mainshock first. An event after a larger one and within
 * its windows is its aftershock. One before it is its foreshock if the larger one falls within the
 * windows of the smaller: it would have been that one's aftershock had it not been larger.
 */
export function foldSequences<Event extends Shock>(events: readonly Event[]): Sequence<Event>[] {
  if (events.length === 0) return [];
  const index = new KDBush(events.length);
  for (const { longitude, latitude } of events) index.add(longitude, latitude);
  index.finish();
  const bySize = [...events.entries()].toSorted(([, a], [, b]) => bySizeThenTime(a, b));
  const free = new Set(events.keys());
  const sequences: Sequence<Event>[] = [];
  for (const [at, mainshock] of bySize) {
    if (!free.delete(at)) continue;
    const { longitude, latitude, magnitude } = mainshock;
    // What is no longer free belongs to a larger shock.
    const isFree = (each: number) => free.has(each);
    const near = around(index, longitude, latitude, Infinity, windowKm(magnitude), isFree);
    const members: Event[] = [];
    for (const each of near) {
      const event = events[each];
      if (event === undefined) throw new RangeError(`no event ${each} of ${events.length}`);
      if (!isAftershock(event, mainshock) && !isForeshock(event, mainshock)) continue;
      free.delete(each);
      members.push(event);
    }
    const inTime = members.toSorted(byTimeThenId);
    sequences.push({
      mainshock,
      foreshocks: inTime.filter(({ timeMs }) => timeMs < mainshock.timeMs),
      aftershocks: inTime.filter(({ timeMs }) => timeMs >= mainshock.timeMs),
    });
  }
  return sequences;
}

function isAftershock(event: Shock, { timeMs, magnitude }: Shock): boolean {
  const afterMs = event.timeMs - timeMs;
  return afterMs >= 0 && afterMs <= windowDays(magnitude) * DAY_MS;
}

function isForeshock(event: Shock, mainshock: Shock): boolean {
  const beforeMs = mainshock.timeMs - event.timeMs;
  if (beforeMs <= 0 || beforeMs > windowDays(event.magnitude) * DAY_MS) return false;
  const { longitude, latitude } = mainshock;
  const km = distance(event.longitude, event.latitude, longitude, latitude);
  return km <= windowKm(event.magnitude);
}

function bySizeThenTime(a: Shock, b: Shock): number {
  return b.magnitude - a.magnitude || byTimeThenId(a, b);
}

function byTimeThenId(a: Shock, b: Shock): number {
  return a.timeMs - b.timeMs || (a.id < b.id ? -1 : 1);
}
