/** The relief desk's list in the report: one line a sequence of earthquakes, in order of need. */
import { z } from 'zod';
import { amount, count, instant, words } from './schema-fields.ts';

const people = (where: string) =>
  z
    .strictObject({
      best: count('By the mean.'),
      low: count('One standard deviation less.'),
      high: count('One standard deviation more.'),
    })
    .describe(`People where the shaking is ${where}.`);

const line = z.strictObject({
  rank: z.int().min(1).describe('From 1, the neediest first.'),
  level: z
    .enum(['T4', 'T3', 'T2', 'T1', 'T0'])
    .describe('T4 respond, T3 assess now, T2 check, T1 watch, T0 none.'),
  eventId: words().describe('USGS id of the event that leads its sequence.'),
  at: instant('When it was.'),
  place: words().nullable().describe("Where, in USGS's words."),
  magnitude: z.number().describe('Its magnitude.'),
  intensityClass: z.int().min(1).max(12).describe('Highest class that reaches a place.'),
  intensity: z.number().describe('The computed intensity there.'),
  people: z
    .strictObject({
      v: people('V'),
      vi: people('VI'),
      viiUp: people('VII or more'),
      viiiUp: people('VIII or more'),
    })
    .describe('Only places of 1,000 people or more are counted, as points.'),
  nearest: z
    .array(
      z.strictObject({
        name: words().describe('Its name.'),
        country: words().describe('Its country code.'),
        population: count('Its people.'),
        distanceKm: amount('From the epicentre.'),
      }),
    )
    .describe('The nearest places.'),
  sequence: z.array(words()).describe('Ids of the other events of its sequence, by need.'),
  usgsMmi: z.number().nullable().describe("USGS's own intensity, where it gave one."),
  url: words().nullable().describe("USGS's page of the event."),
});

/** The list as it stands in the report. */
export const triageSchema = z.strictObject({
  earthquakes: count('Earthquakes assessed.'),
  notEarthquakes: count('Events that are none: explosions, quarry blasts and the like.'),
  magnitudeUnknown: z.array(words()).describe('Ids of events whose magnitude is not known yet.'),
  unread: count('Results of other jobs, which the list leaves out.'),
  leftOut: count('Events that the list has no room for; those that reach nobody go first.'),
  lines: z.array(line).describe('Every sequence, the neediest first.'),
});
