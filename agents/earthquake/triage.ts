/**
 * The relief desk's list: assessed earthquakes in order of need, each sequence on one line, led by the
 * event that needs the desk most, which is not always the largest.
 */
import { romanOf } from './intensity.ts';
import { LEVELS } from './result.ts';
import type {
  AssessedEarthquake,
  EarthquakeResult,
  Level,
  MagnitudeUnknown,
  NotAnEarthquake,
} from './result.ts';
import { foldSequences } from './sequences.ts';
import { countText, peopleRounded, plainText } from './wording.ts';

export type Role = 'mainshock' | 'foreshock' | 'aftershock';

/** One event of a sequence. */
export interface TriagedEvent {
  readonly assessment: AssessedEarthquake;
  readonly role: Role;
}

/** One line of the list. */
export interface TriageLine {
  /** From 1. */
  readonly rank: number;
  /** The lead's. */
  readonly level: Level;
  /** The event of the sequence that ranks first. */
  readonly lead: TriagedEvent;
  /** The other events of the sequence in order of need. */
  readonly others: readonly TriagedEvent[];
}

export interface Triage {
  /** Every assessed event is in exactly one line. */
  readonly lines: readonly TriageLine[];
  /** Lines, not events, by their level. */
  readonly lineCounts: Readonly<Record<Level, number>>;
  /** Assessed events. */
  readonly earthquakes: number;
  /** By time. */
  readonly notEarthquakes: readonly NotAnEarthquake[];
  /** By time: nobody can say yet how strong they are. */
  readonly magnitudeUnknown: readonly MagnitudeUnknown[];
}

/** What the desk does at each level. */
export const LEVEL_WORDS: Readonly<Record<Level, string>> = {
  T4: 'respond',
  T3: 'assess now',
  T2: 'check',
  T1: 'watch',
  T0: 'none',
};

/** Ranks a run's results; their order makes no difference, and two of one event id count once. */
export function triage(results: readonly EarthquakeResult[]): Triage {
  const unique = [...new Map(results.map((each) => [each.event.id, each])).values()];
  const assessed = unique.filter((each) => each.outcome === 'assessed').toSorted(byNeed);
  const lines = linesOf(assessed);
  const lineCounts = { T4: 0, T3: 0, T2: 0, T1: 0, T0: 0 };
  for (const { level } of lines) lineCounts[level] += 1;
  return {
    lines,
    lineCounts,
    earthquakes: assessed.length,
    notEarthquakes: unique
      .filter((each) => each.outcome === 'not-an-earthquake')
      .toSorted(byTimeThenId),
    magnitudeUnknown: unique
      .filter((each) => each.outcome === 'magnitude-unknown')
      .toSorted(byTimeThenId),
  };
}

/**
 * The list in a few lines of plain text for a terminal: the first events by need, at most `linesMax`.
 * With nothing to do there is one line that says so.
 */
export function triageVerdict(results: readonly EarthquakeResult[], linesMax = 3): string[] {
  const { lines, earthquakes, magnitudeUnknown } = triage(results);
  const unknown = magnitudeUnknown.length;
  const unread = unknown === 0 ? '' : `; ${countText(unknown, 'event')} without a magnitude`;
  const needed = lines.filter(({ level }) => level !== 'T0');
  if (needed.length === 0) {
    return [`No place is reached by V or more: ${countText(earthquakes, 'earthquake')}${unread}`];
  }
  const told = needed.slice(0, linesMax).map(verdictLine);
  const rest = needed.length - told.length;
  const last = told.at(-1);
  if (last === undefined || rest + unknown === 0) return told;
  const more = rest === 0 ? '' : `; ${rest} more from T1 up in the report`;
  return [...told.slice(0, -1), `${last}${more}${unread}`];
}

function verdictLine({ level, lead, others }: TriageLine): string {
  const { event, intensityClass, intensity } = lead.assessment;
  const people = peopleAt(lead.assessment, rankClass(lead.assessment));
  const day = new Date(event.timeMs).toISOString().slice(0, 10);
  const where = `M${event.magnitude.toFixed(1)} ${plainText(event.place ?? event.id)}, ${day}`;
  const mmi = event.usgsMmi === null ? '' : `, USGS ${event.usgsMmi.toFixed(1)}`;
  const shaking = `${romanOf(intensityClass)} (computed ${intensity.toFixed(1)}${mmi})`;
  const folded = others.length === 0 ? '' : `, with ${others.length} more of its sequence`;
  return `${level} ${LEVEL_WORDS[level]}: ${where}: ${shaking}, about ${peopleRounded(people)} people there${folded}`;
}

/** Events fold into sequences; a sequence stands where its neediest event stands. */
function linesOf(ranked: readonly AssessedEarthquake[]): TriageLine[] {
  const byId = new Map(ranked.map((assessment, at) => [assessment.event.id, { assessment, at }]));
  const placed = (id: string, role: Role) => {
    const found = byId.get(id);
    if (found === undefined) throw new RangeError(`no event ${id} in this triage`);
    return { ...found, role };
  };
  const groups = foldSequences(ranked.map(({ event }) => event)).map((sequence) =>
    [
      placed(sequence.mainshock.id, 'mainshock'),
      ...sequence.foreshocks.map(({ id }) => placed(id, 'foreshock')),
      ...sequence.aftershocks.map(({ id }) => placed(id, 'aftershock')),
    ].toSorted((a, b) => a.at - b.at),
  );
  const inOrder = groups.toSorted(([a], [b]) => (a?.at ?? 0) - (b?.at ?? 0));
  return inOrder.map((group, at) => {
    const [lead, ...others] = group.map(({ assessment, role }) => ({ assessment, role }));
    if (lead === undefined) throw new RangeError('a sequence without an event');
    return { rank: at + 1, level: lead.assessment.level, lead, others };
  });
}

/** Level, then people at the class that gave it, then at the next class down, magnitude, id. */
function byNeed(a: AssessedEarthquake, b: AssessedEarthquake): number {
  const byLevel = LEVELS.indexOf(a.level) - LEVELS.indexOf(b.level);
  if (byLevel !== 0) return byLevel;
  const top = rankClass(a);
  return (
    peopleAt(b, top) - peopleAt(a, top) ||
    peopleAt(b, top - 1) - peopleAt(a, top - 1) ||
    b.event.magnitude - a.event.magnitude ||
    (a.event.id < b.event.id ? -1 : 1)
  );
}

/** The class that a level stands for: 8 is VIII and more, 4 is IV and less. */
function rankClass({ intensityClass }: AssessedEarthquake): number {
  return Math.min(8, Math.max(4, intensityClass));
}

function peopleAt({ people }: AssessedEarthquake, rankedClass: number): number {
  if (rankedClass === 8) return people.viiiUp.best;
  if (rankedClass === 7) return people.viiUp.best - people.viiiUp.best;
  if (rankedClass === 6) return people.vi.best;
  if (rankedClass === 5) return people.v.best;
  return rankedClass === 4 ? people.iv : 0;
}

function byTimeThenId(
  { event: a }: NotAnEarthquake | MagnitudeUnknown,
  { event: b }: NotAnEarthquake | MagnitudeUnknown,
): number {
  return a.timeMs - b.timeMs || (a.id < b.id ? -1 : 1);
}
