import fc from 'fast-check';
import { expect, test } from 'vitest';
import { triage, triageVerdict } from '../../agents/earthquake/triage.ts';
import { assessment, quietEvent, weekResults } from './week.ts';

const week = await weekResults();
const some = (best: number) => ({ best, low: 0, high: best });
const nobody = { iv: 0, v: some(0), vi: some(0), viiUp: some(0), viiiUp: some(0) };

/** Far enough from one another that none folds into another. */
function apart(id: string, magnitude: number, people: Partial<typeof nobody>, reached: number) {
  const level = (['T0', 'T1', 'T2', 'T3', 'T4'] as const)[Math.max(0, reached - 4)]!;
  const longitude = -160 + 3 * 'abcdefghij'.indexOf(id);
  return assessment(
    { id, magnitude, longitude },
    { level, intensityClass: reached, people: { ...nobody, ...people } },
  );
}

const leads = (results: Parameters<typeof triage>[0]) =>
  triage(results).lines.map(({ lead }) => lead.assessment.event.id);

test('Hualien stands alone on top at VII, with its sequence folded into its line', () => {
  const { lines, lineCounts } = triage(week);
  const [top, next] = lines;
  expect(top).toMatchObject({
    rank: 1,
    level: 'T3',
    lead: {
      role: 'mainshock',
      assessment: { event: { id: 'us1000chhc', magnitude: 6.4 }, intensityClass: 7 },
    },
  });
  expect(lineCounts).toMatchObject({ T4: 0, T3: 1 });
  expect(next?.level).toBe('T1');
  const folded = top!.others.map(({ assessment: { event } }) => event.place);
  expect(folded.length).toBeGreaterThan(10);
  expect(top!.others[0]).toMatchObject({ role: 'foreshock', assessment: { level: 'T2' } });
});

test('every earthquake is in one line, and what is none is told apart', () => {
  const { lines, notEarthquakes, earthquakes } = triage(week);
  const ids = lines.flatMap(({ lead, others }) =>
    [lead, ...others].map((each) => each.assessment.event.id),
  );
  expect(new Set(ids).size).toBe(1_679);
  expect(ids).toHaveLength(1_679);
  expect(earthquakes).toBe(1_679);
  expect(notEarthquakes).toHaveLength(28);
  expect(lines.map(({ rank }) => rank)).toEqual(lines.map((_, at) => at + 1));
});

test('the list is the same whatever the order of the results, repeats included', () => {
  const sample = [...week.filter((_, at) => at % 20 === 0), assessment({ id: 'zz' })];
  const expected = JSON.stringify(triage(sample));
  fc.assert(
    fc.property(
      fc.shuffledSubarray(sample, { minLength: sample.length }),
      (shuffled) => JSON.stringify(triage([...shuffled, shuffled[0]!])) === expected,
    ),
    { numRuns: 20 },
  );
});

test('order is by level, people at that class, people at the next class down, magnitude, id', () => {
  const results = [
    apart('a', 9, { iv: 9e6 }, 4),
    apart('b', 6, { vi: some(10), v: some(500) }, 6),
    apart('c', 6, { vi: some(10), v: some(900) }, 6),
    apart('d', 6, { vi: some(20) }, 6),
    apart('e', 6, { viiUp: some(1), viiiUp: some(0) }, 7),
    apart('f', 5, { v: some(7), iv: 3 }, 5),
    apart('g', 5.5, { v: some(7), iv: 3 }, 5),
    apart('h', 5, { v: some(7), iv: 3 }, 5),
    apart('i', 7, { viiUp: some(5), viiiUp: some(5) }, 8),
  ];
  expect(leads(results)).toEqual(['i', 'e', 'd', 'c', 'b', 'g', 'f', 'h', 'a']);
});

test('a sequence is led by the event that needs the desk most, not the largest', () => {
  const main = assessment({ id: 'main', magnitude: 6, longitude: 0 });
  const after = assessment(
    { id: 'after', magnitude: 5, longitude: 0.1, timeMs: quietEvent.timeMs + 1_000 },
    { level: 'T2', intensityClass: 6, people: { ...nobody, vi: some(2_000) } },
  );
  expect(triage([main, after]).lines).toMatchObject([
    {
      level: 'T2',
      lead: { role: 'aftershock', assessment: { event: { id: 'after' } } },
      others: [{ role: 'mainshock', assessment: { event: { id: 'main' } } }],
    },
  ]);
});

test('the verdict is at most three plain lines, the neediest first', () => {
  const lines = triageVerdict(week);
  expect(lines).toHaveLength(3);
  expect(lines[0]).toBe(
    'T3 assess now: M6.4 22km NNE of Hualian, Taiwan, 2018-02-06: VII (computed 6.7, USGS 6.7), ' +
      'about 350,000 people there, with 19 more of its sequence',
  );
  expect(lines[2]).toMatch(/; 2 more from T1 up in the report$/);
  expect(triageVerdict(week, 1)).toHaveLength(1);
});

test('the verdict names events that nobody can rank, and a quiet week', () => {
  const unknown = {
    outcome: 'magnitude-unknown',
    event: { ...quietEvent, id: 'u', magnitude: null },
    nearest: [],
  } as const;
  expect(triageVerdict([assessment({}), unknown])).toEqual([
    'No place is reached by V or more: 1 earthquake; 1 event without a magnitude',
  ]);
  expect(triageVerdict([])).toEqual(['No place is reached by V or more: 0 earthquakes']);
});

test('what a feed says can not rewrite the terminal', () => {
  const place = '\u001b[2Jnear\nTown\u202e';
  const [line] = triageVerdict([
    assessment({ place }, { level: 'T1', intensityClass: 5, people: { ...nobody, v: some(5) } }),
  ]);
  expect(line).toContain('M4.0 [2Jnear Town, ');
});
