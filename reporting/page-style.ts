/**
 * How the page looks: one column, the system's own fonts, light or dark as the reader's system is, and
 * black on white in print. No file besides the page is ever fetched.
 */
const LIGHT = `
  --ground: #fff; --raised: #f5f7f9; --ink: #1a2129; --quiet: #5a6673; --line: #d8dee5;
  --accent: #0b5cad; --good: #17703a; --good-ground: #e4f4ea; --bad: #b3261e; --bad-ground: #fce8e6;
  --warn: #8a5a00; --warn-ground: #fdf1d8;`;

const DARK = `
  --ground: #14181d; --raised: #1d232a; --ink: #e4e9ee; --quiet: #9aa7b4; --line: #37414c;
  --accent: #7db8f5; --good: #7fd6a0; --good-ground: #163323; --bad: #ff9d94; --bad-ground: #46201d;
  --warn: #f0c674; --warn-ground: #3b2f14;`;

/** The page's style sheet. */
export const PAGE_STYLE = `
:root { color-scheme: light dark;${LIGHT} }
@media (prefers-color-scheme: dark) { :root {${DARK} } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, 'Segoe UI', sans-serif; }
main, header, footer { max-width: 90rem; margin: 0 auto; padding: 0 1.25rem; }
header { padding-top: 1.75rem; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .35rem; }
h2 { font-size: 1.2rem; margin: 2.5rem 0 .25rem; padding-top: .75rem; border-top: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 1.25rem 0 .25rem; }
p { margin: .35rem 0; max-width: 70ch; }
a { color: var(--accent); }
.lead, .quiet, .none { color: var(--quiet); }
.badge { display: inline-block; padding: .05rem .55rem; border-radius: 1rem; font-weight: 600;
  font-size: .85em; white-space: nowrap; }
.good { color: var(--good); background: var(--good-ground); }
.bad { color: var(--bad); background: var(--bad-ground); }
.warn { color: var(--warn); background: var(--warn-ground); }
.verdict { font-size: 1.05rem; margin: .75rem 0; max-width: 80ch; }
nav { margin: .75rem 0 0; display: flex; flex-wrap: wrap; gap: .25rem 1rem; font-size: .9rem; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(10.5rem, 1fr)); gap: .75rem;
  margin: 1rem 0; }
.tile { background: var(--raised); border-radius: .5rem; padding: .7rem .9rem; }
.tile b { display: block; font-size: 1.45rem; line-height: 1.25; font-variant-numeric: tabular-nums; }
.tile span { color: var(--quiet); font-size: .87rem; }
.scroll { overflow-x: auto; margin: .75rem 0; }
table { border-collapse: collapse; min-width: min(100%, 34rem); font-size: .9rem; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .35rem .7rem .35rem 0; border-bottom: 1px solid var(--line);
  vertical-align: top; }
th { color: var(--quiet); font-weight: 600; vertical-align: bottom; }
th.n, td.n { text-align: right; }
td.n { white-space: nowrap; }
.n + :not(.n) { padding-left: 1.1rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1.25rem; margin: .75rem 0; }
dt { color: var(--quiet); }
dd { margin: 0; overflow-wrap: anywhere; }
code { font: .88em ui-monospace, 'SF Mono', Menlo, Consolas, monospace; overflow-wrap: anywhere; }
footer { color: var(--quiet); font-size: .87rem; padding: 2rem 1.25rem 3rem; }
@media (max-width: 40rem) { dl { grid-template-columns: 1fr; } dd { margin-bottom: .5rem; } }
@page { size: landscape; margin: 12mm; }
@media print {
  :root {${LIGHT} color-scheme: light; }
  body { font-size: 10pt; }
  main, header, footer { max-width: none; padding: 0; }
  nav { display: none; }
  .scroll { overflow: visible; }
  section, tr, .tile { break-inside: avoid; }
  section.long { break-inside: auto; }
  h2 { break-after: avoid; }
  thead { display: table-header-group; }
  .badge, .tile { border: 1px solid var(--line); }
  table, main .relief table { font-size: 7.5pt; }
  main .relief td .relief-note { font-size: inherit; }
  main .relief td:nth-child(n) { min-width: 0; }
}
`;
