/** What the power-loss tests lean on: that a trace is read as it was meant, and only synced bytes are kept. */
import { expect, test } from 'vitest';
import { TracedDisk, type Change } from './synced-image.ts';
import { parseTrace } from './trace.ts';

const FILE = '/run/a.db';
const OPENED = `1 1.0 openat(AT_FDCWD</run>, "a.db", O_RDWR|O_CREAT, 0644) = 5<${FILE}> <0.000001>
1 1.1 fsync(4</run>) = 0 <0.000001>`;
const SYNCED = (at: string): string => `1 ${at} fsync(5<${FILE}>) = 0 <0.000001>`;

/** What is left of the file a minute later. */
function left(lines: string, arrives?: (change: Change) => boolean): string | undefined {
  const disk = new TracedDisk('/run', parseTrace(`${OPENED}\n${lines}`, '/run'));
  return disk.at(60_000, arrives).get(FILE)?.toString('latin1');
}

test('bytes are read as strace escapes them', () => {
  const [call] = parseTrace(
    String.raw`1 2.5 pwrite64(5</run/a.db>, "\0\1778\377\n\"\\) = 7 <9>", 16, 32) = 16 <0.000002>`,
    '/run',
  );
  expect(call).toMatchObject({ name: 'pwrite64', at: 32, beganMs: 2_500, endedMs: 2_500.002 });
  expect(call!.bytes.toString('latin1')).toBe('\0\x7f8\xff\n"\\) = 7 <9>');
});

test('a call that another thread cut in two is one', () => {
  const lines = `1 2.0 pwrite64(5<${FILE}>, "ab", 2, 0 <unfinished ...>
2 2.1 fsync(9</elsewhere>) = 0 <0.000001>
1 2.2 <... pwrite64 resumed>) = 2 <0.200000>
${SYNCED('2.3')}`;
  expect(left(lines)).toBe('ab');
});

test('a trace that holds less than was written is refused', () => {
  const line = `1 2.0 pwrite64(5<${FILE}>, "ab"..., 4, 0) = 4 <0.000001>`;
  expect(() => left(line)).toThrow(/less than was written/);
});

test('a write is kept by a sync that begins after it, and in its place', () => {
  const lines = `1 2.0 pwrite64(5<${FILE}>, "abcdef", 6, 0) = 6 <0.000001>
1 2.1 pwrite64(5<${FILE}>, "XY", 2, 1) = 2 <0.000001>
${SYNCED('2.2')}
1 2.3 pwrite64(5<${FILE}>, "Z", 1, 0) = 1 <0.000001>`;
  expect(left(lines)).toBe('aXYdef');
  expect(left(lines, () => true)).toBe('ZXYdef');
});

test('of a write that no sync has kept, any of its sectors may arrive', () => {
  const bytes = 'a'.repeat(500) + 'b'.repeat(20) + 'c'.repeat(504);
  const line = `1 2.0 pwrite64(5<${FILE}>, "${bytes}", 1024, 0) = 1024 <0.000001>`;
  const sectors: Change[] = [];
  left(line, (change) => sectors.push(change) > 0);
  expect(sectors.map((each) => ('at' in each ? each.at : NaN))).toEqual([0, 512]);
  const half = left(line, (change) => 'at' in change && change.at > 0);
  expect(half).toBe('\0'.repeat(512) + bytes.slice(512));
});

test('a write during a sync, and a sync that never ended, keep nothing', () => {
  const lines = `1 2.0 fsync(5<${FILE}> <unfinished ...>
2 2.1 pwrite64(5<${FILE}>, "ab", 2, 0) = 2 <0.000001>
1 2.2 <... fsync resumed>) = 0 <0.200000>
1 2.3 fsync(5<${FILE}> <unfinished ...>`;
  expect(left(lines)).toBe('');
});

test('a file that was cut is as short as its last sync found it', () => {
  const written = `1 2.0 write(5<${FILE}>, "abcdef", 6) = 6 <0.000001>
${SYNCED('2.1')}
1 2.2 ftruncate(5<${FILE}>, 2) = 0 <0.000001>`;
  expect(left(written)).toBe('abcdef');
  expect(left(`${written}\n${SYNCED('2.3')}`)).toBe('ab');
});

test('a file whose folder was not synced since is not there', () => {
  const lines = `1 2.0 rename("${FILE}", "/run/b.db") = 0 <0.000001>`;
  const disk = new TracedDisk('/run', parseTrace(`${OPENED}\n${lines}`, '/run'));
  expect([...disk.at(60_000).keys()]).toEqual([FILE]);
});
