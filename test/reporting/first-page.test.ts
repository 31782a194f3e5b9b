import { expect, test } from 'vitest';
import type { EarthquakeResult } from '../../agents/earthquake/result.ts';
import { gatherEarthquakes, gatherResults } from '../../reporting/first-page.ts';
import { triageSchema } from '../../reporting/schema-triage.ts';
import { built, result, sampleRun } from './sample-run.ts';

const event = (
  id: string,
  magnitude: number,
): EarthquakeResult['event'] & { magnitude: number } => ({
  id,
  type: 'earthquake',
  timeMs: Date.UTC(2018, 1, 6, 15, 50),
  place: `near <b>${id}</b>`,
  magnitude,
  magnitudeType: 'mww',
  longitude: Number(id.slice(1)),
  latitude: 10,
  depthKm: 10,
  status: 'reviewed',
  tsunami: false,
  usgsMmi: null,
  usgsFelt: null,
  usgsAlert: null,
  url: null,
});

const none = { best: 0, low: 0, high: 0 };

/** An earthquake that shakes `people` at the class, or nobody. */
function quake(id: string, intensityClass: number, people: number): EarthquakeResult {
  const at = { best: people, low: 0, high: people };
  const level = intensityClass === 7 ? 'T3' : intensityClass === 5 ? 'T1' : 'T0';
  return {
    outcome: 'assessed',
    event: event(id, intensityClass - 1),
    level,
    intensityClass,
    intensity: intensityClass,
    intensityLow: intensityClass - 1,
    intensityHigh: intensityClass + 1,
    sigma: 1,
    extrapolated: false,
    people: {
      iv: 0,
      v: level === 'T1' ? at : none,
      vi: none,
      viiUp: level === 'T3' ? at : none,
      viiiUp: none,
    },
    nearest: [{ name: 'Hualien', country: 'TW', population: 350_000, distanceKm: 22.4 }],
  };
}

const quakes = [quake('q1', 2, 0), quake('q40', 5, 900), quake('q80', 7, 300_000)];

test('a mission with a triage list has it ranked on its page, in its CSV and in its JSON', async () => {
  const sample = sampleRun();
  sample.run = { ...sample.run, spec: { ...sample.run.spec, presentation: 'earthquake-triage' } };
  sample.segments['helios-a-1.ndjson'] = quakes.map((body, i) => result(5 + i, 1, body));
  const { report, firstPage } = await built(sample);
  expect(report.problems).toEqual([]);
  expect(report.triage!.lines.map(({ rank, level, eventId }) => [rank, level, eventId])).toEqual([
    [1, 'T3', 'q80'],
    [2, 'T1', 'q40'],
    [3, 'T0', 'q1'],
  ]);
  expect(triageSchema.parse(report.triage)).toEqual(report.triage);
  expect(report.triage!.unread).toBe(5);
  expect(firstPage!.topLines[0]).toContain('T3 assess now');
  expect(firstPage!.csv.split('\r\n')[1]).toContain('q80');
  expect(firstPage!.body).toContain('near &lt;b&gt;q80');
});

test('other missions keep no result', () => {
  const gatherer = gatherResults(null);
  gatherer.take(result(0));
  expect(gatherer.present()).toBeNull();
});

test('where the list is full, events that reach nobody give way to those that do', () => {
  const gatherer = gatherEarthquakes(2);
  for (const [i, body] of quakes.entries()) gatherer.take(result(i, 1, body));
  const page = gatherer.present()!;
  expect(page.data.lines.map(({ eventId }) => eventId)).toEqual(['q80', 'q40']);
  expect(page.data.leftOut).toBe(1);
  expect(page.lead).toContain('1 events had no room');
});
