/** Bars as SVG: one for each contender, from zero, with the range of its runs as a line across its end. */
import { Html, html } from '../../reporting/html.ts';
import type { Spread } from './result.ts';

export interface Bar {
  readonly name: string;
  /** Null: there is no figure, and `words` says why. */
  readonly spread: Spread | null;
  readonly words: string;
  /** This project's own, to be found at once. */
  readonly isOwn: boolean;
}

const WIDTH = 900;
const NAMES = 210;
const VALUES = 230;
const ROW = 30;
const BAR = 16;

/** A chart that says in `label` what is shown, for those who don't see it. */
export function barChart(bars: readonly Bar[], label: string): Html {
  const most = Math.max(...bars.map(({ spread }) => spread?.most ?? 0), Number.MIN_VALUE);
  const x = (value: number): number => NAMES + (value / most) * (WIDTH - NAMES - VALUES);
  const height = bars.length * ROW;
  const rows = bars.map(({ name, spread, words, isOwn }, i) => {
    const y = i * ROW + (ROW - BAR) / 2;
    const middle = i * ROW + ROW / 2;
    const kind = new Html(isOwn ? 'own' : 'peer');
    const end = spread === null ? NAMES : Math.max(x(spread.median), NAMES + 1);
    const bar =
      spread === null
        ? null
        : html`<rect class="${kind}" x="${NAMES}" y="${y}" width="${end - NAMES}" height="${BAR}" />
            <line
              class="range"
              x1="${x(spread.least)}"
              x2="${x(spread.most)}"
              y1="${middle}"
              y2="${middle}"
            />`;
    const text = (spread === null ? NAMES : Math.max(end, x(spread.most))) + 8;
    return html`<text class="name" x="${NAMES - 10}" y="${middle}">${name}</text>${bar}
      <text x="${text}" y="${middle}">${words}</text> `;
  });
  return html`<div class="scroll" tabindex="0">
    <svg class="bars" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${label}">
      ${rows}
    </svg>
  </div> `;
}

export const BARS_STYLE = `
.bars { display: block; width: 100%; min-width: 40rem; max-width: 60rem; font-size: 13px; }
.bars text { fill: var(--ink); dominant-baseline: central; font-variant-numeric: tabular-nums; }
.bars .name { text-anchor: end; }
.bars .own { fill: var(--accent); }
.bars .peer { fill: var(--quiet); }
.bars .range { stroke: var(--ink); stroke-width: 2; }
`;
