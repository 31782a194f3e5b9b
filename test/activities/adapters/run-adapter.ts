import type { Adapter, AdapterJob, JobOutcome } from '../../../activities/adapters/adapter.ts';

/** Jobs 0 to `count` of one feed, all with the same payload. */
export function jobs(count: number, payload: unknown = null, attempt = 1): AdapterJob[] {
  return Array.from({ length: count }, (_, ordinal) => ({
    feed: 'f',
    ordinal,
    attempt,
    idempotencyKey: `run/f/${ordinal}`,
    body: { id: `f-${ordinal}`, kind: 'k', payload },
  }));
}

export interface RunWishes {
  readonly mayStart?: () => boolean;
  readonly limitMs?: number;
  readonly abandoned?: AbortSignal;
}

/** Outcomes by place, of those that were tried. */
export async function runAdapter(
  adapter: Adapter,
  list: readonly AdapterJob[],
  { mayStart = () => true, limitMs = 20_000, abandoned }: RunWishes = {},
): Promise<ReadonlyMap<number, JobOutcome>> {
  const outcomes = new Map<number, JobOutcome>();
  await adapter.run({
    jobs: list,
    mayStart,
    endByMs: performance.now() + limitMs,
    abandoned: abandoned ?? new AbortController().signal,
    onDone: (at, outcome) => outcomes.set(at, outcome),
  });
  return outcomes;
}
