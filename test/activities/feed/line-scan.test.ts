import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LINE_BYTES_MAX, scanLines } from '../../../activities/feed/line-scan.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const folder = temporaryFolder();

interface Line {
  readonly number: number;
  readonly start: number;
  readonly bytes: number;
  /** A digest, since lines of a million characters tell a reader nothing. */
  readonly text: string | null;
}

const digestOf = (text: string | null): string | null =>
  text === null ? null : createHash('sha256').update(text).digest('hex');

async function scanned(content: string): Promise<{ lines: Line[]; digest: string }> {
  const path = folder.in('lines');
  writeFileSync(path, content);
  const lines: Line[] = [];
  const digest = await scanLines(path, (line) => {
    const { number, start, bytes } = line;
    lines.push({ number, start, bytes, text: digestOf(line.text()) });
  });
  return { lines, digest };
}

/** The same from the whole text. */
function expected(content: string): Line[] {
  const lines: Line[] = [];
  let start = 0;
  for (const [i, whole] of content.split('\n').entries()) {
    const wholeBytes = Buffer.byteLength(whole);
    const markBytes = i === 0 && whole.startsWith('\ufeff') ? 3 : 0;
    const text = markBytes === 0 ? whole : whole.slice(1);
    const number = i + 1;
    if (wholeBytes > LINE_BYTES_MAX) lines.push({ number, start, bytes: wholeBytes, text: null });
    else if (text.trim() !== '') {
      const bytes = wholeBytes - markBytes;
      lines.push({ number, start: start + markBytes, bytes, text: digestOf(text) });
    }
    start += wholeBytes + 1;
  }
  return lines;
}

/** A text so many times. */
const part = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(fc.string({ unit: 'grapheme-ascii' }), fc.constantFrom(1, 9)) },
  { weight: 2, arbitrary: fc.tuple(fc.constantFrom(' ', '\t\r', 'ü', '€uro', ' x'), fc.nat(3)) },
  // Around the ends of chunks of 256 KiB, and around the longest line there may be.
  { weight: 2, arbitrary: fc.tuple(fc.constant('y'), fc.integer({ min: 262_100, max: 262_200 })) },
  {
    weight: 1,
    arbitrary: fc.tuple(
      fc.constant('z'),
      fc.constantFrom(-1, 0, 1, 700_000).map((more) => LINE_BYTES_MAX + more),
    ),
  },
);

test('finds every line where it stands, however long, and the digest of all', async () => {
  const mark = fc.constantFrom('', '\ufeff');
  await fc.assert(
    fc.asyncProperty(mark, fc.array(part, { maxLength: 12 }), async (first, parts) => {
      const text = first + parts.map(([each, times]) => each.repeat(times)).join('\n');
      const { lines, digest } = await scanned(text);
      expect(lines).toEqual(expected(text));
      expect(digest).toBe(digestOf(text));
    }),
    { numRuns: 60 },
  );
});
