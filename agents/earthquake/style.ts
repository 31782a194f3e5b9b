/**
 * How the relief desk's list looks. Every rule stands below `.relief`, and where the page that holds it
 * names its colours, those are taken, dark ones included.
 */

/** The style sheet of the list. */
export const TRIAGE_STYLE = `
.relief { font-variant-numeric: tabular-nums; }
.relief .relief-scroll { overflow-x: auto; margin: .75rem 0; }
.relief table { border-collapse: collapse; width: 100%; font-size: .9rem; }
.relief th, .relief td { text-align: left; vertical-align: top; padding: .35rem .7rem .35rem 0;
  border-bottom: 1px solid var(--line, #d8dee5); }
.relief th { color: var(--quiet, #5a6673); vertical-align: bottom; }
.relief td:nth-child(3), .relief td:nth-child(9) { min-width: 13rem; }
.relief .relief-fold > td { padding-top: 0; }
.relief .relief-fold table { font-size: .85rem; }
.relief summary { cursor: pointer; padding: .25rem 0; color: var(--accent, #0b5cad); }
.relief .relief-note { color: var(--quiet, #5a6673); font-size: .85rem; max-width: 80ch; }
.relief .relief-warn { color: var(--bad, #b3261e); font-weight: 600; }
.relief .relief-badge { display: inline-block; padding: .05rem .55rem; border-radius: 1rem;
  font-weight: 600; font-size: .85em; white-space: nowrap; border: 1px solid currentColor; }
.relief .relief-badge.relief-t4 { color: #fff; background: #8c1d18; }
.relief .relief-badge.relief-t3 { color: var(--bad, #b3261e); background: var(--bad-ground, #fce8e6); }
.relief .relief-badge.relief-t2 { color: var(--warn, #8a5a00); background: var(--warn-ground, #fdf1d8); }
.relief .relief-badge.relief-t1 { color: var(--accent, #0b5cad); }
.relief .relief-badge.relief-t0 { color: var(--quiet, #5a6673); }
@media print { .relief .relief-scroll { overflow: visible; } .relief table { font-size: 8pt; } }
`;
