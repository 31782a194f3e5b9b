/** Instants of a run as people name them: a point in time, or how long after the run's first entry. */
import type { RunRecords } from '../reporting/records.ts';
import { inCausalOrder } from './causal-order.ts';

/** When the first and the last entry of a run were made, in ms since the epoch. */
export interface RunSpan {
  readonly firstMs: number;
  readonly lastMs: number;
}

/** The span of a run, null where nothing is recorded, and what of its ledger can't be read, in words. */
export async function spanOf(
  records: RunRecords,
): Promise<{ readonly span: RunSpan | null; readonly broken: readonly string[] }> {
  const broken: string[] = [];
  let span: RunSpan | null = null;
  const order = inCausalOrder(records, (chain, end) => {
    if (end.broken !== null) broken.push(`${chain}: ${end.broken}`);
  });
  for await (const { entry } of order) {
    const { firstMs, lastMs }: RunSpan = span ?? { firstMs: entry.at, lastMs: entry.at };
    span = { firstMs: Math.min(firstMs, entry.at), lastMs: Math.max(lastMs, entry.at) };
  }
  return { span, broken };
}

/** What an instant may be, for messages. */
export const INSTANT_WORDS =
  'an offset from the start such as +2.5s, 90s or 10m, or a point in time such as 2026-01-02T03:04:05Z';

const OFFSET = /^\+?(\d+(?:\.\d+)?)(ms|s|m|h)$/;
const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
/** The zone has to be said: without it the same words are another instant on another machine. */
const POINT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/;

/** The instant in ms since the epoch, or null where the text is none. It may lie outside of the run. */
export function instantOf(text: string, { firstMs }: RunSpan): number | null {
  const offset = OFFSET.exec(text);
  if (offset) return firstMs + Math.round(Number(offset[1]) * UNIT_MS[offset[2]!]!);
  const ms = POINT.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(ms) ? null : ms;
}

/** `+2.5s`: as `instantOf` reads it. */
export function offsetText(atMs: number, { firstMs }: RunSpan): string {
  return `+${(atMs - firstMs) / 1_000}s`;
}
