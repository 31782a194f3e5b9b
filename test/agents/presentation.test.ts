import { expect, test } from 'vitest';
import { triageCsv } from '../../agents/earthquake/csv.ts';
import { TRIAGE_CREDIT, triageSection } from '../../agents/earthquake/html.ts';
import { triage } from '../../agents/earthquake/triage.ts';
import { assessment, quietEvent, weekResults } from './week.ts';

const week = await weekResults();
const watched = { level: 'T1', intensityClass: 5 } as const;

/** Cells of a CSV file by RFC 4180. */
function cellsOf(csv: string): string[][] {
  return csv
    .trimEnd()
    .split('\r\n')
    .map((line) =>
      [...`,${line}`.matchAll(/,(?:"((?:[^"]|"")*)"|([^",]*))/g)].map(([, inner, plain]) =>
        inner === undefined ? (plain ?? '') : inner.replaceAll('""', '"'),
      ),
    );
}

test('the CSV file has a row an event, every row as long as the heading', () => {
  const [heading, ...rows] = cellsOf(triageCsv(triage(week)));
  expect(rows).toHaveLength(1_707);
  for (const row of rows) expect(row).toHaveLength(heading!.length);
  const first = Object.fromEntries(heading!.map((name, at) => [name, rows[0]![at]]));
  expect(first).toMatchObject({
    rank: '1',
    role: 'mainshock',
    level: 'T3',
    class: 'VII',
    usgs_mmi: '6.7',
    place: '22km NNE of Hualian, Taiwan',
    time_utc: '2018-02-06 15:50:42',
    people_vii_plus: '350468',
    event_id: 'us1000chhc',
  });
  expect(rows.at(-1)).toContain('not-an-earthquake');
});

test('CSV cells with commas and quotes are quoted, and none is a formula', () => {
  const csv = triageCsv(
    triage([assessment({ place: '5 km, "off"\r\nTown', status: '=1+1', magnitudeType: '@x' })]),
  );
  expect(csv).toContain(',"5 km, ""off"" Town",');
  expect(csv).toContain(",'=1+1,");
  expect(csv).toContain(",'@x,");
  expect(csv.split('\r\n')).toHaveLength(3);
});

test('numbers below zero stay numbers in the CSV file', () => {
  const [heading, row] = cellsOf(triageCsv(triage([assessment({ magnitude: -0.4, depthKm: -2 })])));
  expect(row![heading!.indexOf('magnitude')]).toBe('-0.4');
  expect(row![heading!.indexOf('depth_km')]).toBe('-2');
});

test('the page escapes whatever a feed says', () => {
  const bad = '<script>alert("1")</script>&\'';
  const page = triageSection([
    assessment(
      { place: bad, status: bad, usgsAlert: bad, url: `https://x.test/"onclick="${bad}` },
      { ...watched, nearest: [{ name: bad, country: bad, population: 1, distanceKm: 1 }] },
    ),
    { outcome: 'not-an-earthquake', event: { ...quietEvent, id: 'q', type: bad, place: bad } },
  ]);
  expect(page).not.toMatch(/<script/i);
  expect(page).not.toContain('"onclick');
  expect(page).toContain('&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;&#39;');
});

test('only web addresses become links', () => {
  const withUrl = (url: string) => triageSection([assessment({ url }, watched)]);
  expect(withUrl('https://x.test/1')).toContain('href="https://x.test/1"');
  expect(withUrl('javascript:alert(1)')).not.toContain('javascript');
});

test('the page of the week has what the relief desk asks for', () => {
  const page = triageSection(week);
  const top = page.slice(page.indexOf('<tbody>'), page.indexOf('</summary>'));
  for (const part of [
    'T3 assess now',
    'M6.4 22km NNE of Hualian, Taiwan',
    '<b>VII</b> 6.7',
    '<td>6.7</td>',
    '350,000<br>',
    'Hualien City (TW) 22.4 km',
    '<td>261</td>',
    '<td>green</td>',
    '<td>reviewed</td>',
    'href="https://earthquake.usgs.gov/earthquakes/eventpage/us1000chhc"',
    '19 more of this sequence',
  ]) {
    expect(top).toContain(part);
  }
  expect(page).toContain('Not an earthquake: 28 events');
  expect(page).toContain(TRIAGE_CREDIT);
  expect(page).toContain('Only places of 1,000 people or more are counted, as points');
  expect(page).not.toMatch(/pager/i);
});

test('the page needs no script and fetches nothing', () => {
  const page = triageSection(week);
  expect(page).not.toMatch(/<(?:script|img|link|iframe|object)\b|\bsrc=|url\(|@import/i);
  const opened = (page.match(/<details>/g) ?? []).length;
  expect(opened).toBeGreaterThan(2);
  expect((page.match(/<\/details>/g) ?? []).length).toBe(opened);
  for (const tag of ['table', 'tr', 'td', 'div', 'section', 'p']) {
    const opens = page.match(new RegExp(`<${tag}[ >]`, 'g')) ?? [];
    const closes = page.match(new RegExp(`</${tag}>`, 'g')) ?? [];
    expect([tag, opens.length]).toEqual([tag, closes.length]);
  }
});

test('an event that nobody can rank stands above the list, and a quiet week says so', () => {
  const page = triageSection([
    { outcome: 'magnitude-unknown', event: { ...quietEvent, magnitude: null }, nearest: [] },
  ]);
  expect(page).toContain('1 event without a magnitude: look at them yourself');
  expect(page).toContain('M? far out at sea');
  expect(page).toContain('No place is reached by V or more.');
});
