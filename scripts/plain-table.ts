/** Tables without borders, for a terminal: columns two blanks apart, numbers to the right. */
import Table from 'cli-table3';

const EDGES = ['top', 'bottom', 'left', 'right', 'mid'];
const CORNERS = ['top', 'bottom'].flatMap((y) => ['mid', 'left', 'right'].map((x) => `${y}-${x}`));
const CROSSINGS = ['left-mid', 'mid-mid', 'right-mid'];
const NO_BORDERS = Object.fromEntries([EDGES, CORNERS, CROSSINGS].flat().map((part) => [part, '']));

/** The rows as lines. `head` may be empty; `numbers` says which columns stand to the right. */
export function plainTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  numbers: (column: number) => boolean = () => false,
): string[] {
  const columns = Math.max(head.length, ...rows.map((row) => row.length));
  const table = new Table({
    ...(head.length === 0 ? {} : { head: [...head] }),
    chars: { ...NO_BORDERS, middle: '  ' },
    colAligns: Array.from({ length: columns }, (_, i) => (numbers(i) ? 'right' : 'left')),
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0, compact: true },
  });
  for (const row of rows) table.push([...row]);
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd());
}
