/**
 * The fabric's status as lines of text: a table for a terminal, a few plain lines for a log. Pure functions of
 * what was measured, so that what a person sees can be tested to the letter.
 */
import { grouped } from '../fabric/mission/problems.ts';
import type { LoadReport } from '../fabric/messages.ts';
import type { FabricStatus } from '../workflows/protocol.ts';
import { plainTable } from './plain-table.ts';

/** A status and when it was taken, in ms since the epoch. */
export interface Sample {
  readonly atMs: number;
  readonly status: FabricStatus;
}

/** All that one picture shows. Rates are taken between `earlier` and `now`. */
export interface StatusView {
  readonly now: Sample;
  readonly earlier: Sample | null;
  readonly uiUrl: string | null;
  /** Something to be said beside the numbers, such as that a process is being started again. */
  readonly note?: string | null;
}

const NAME_CHARS_MAX = 14;
const WIDE_FROM = 100;

/** The picture for a terminal of that width: every line fits. */
export function renderStatus(view: StatusView, width: number): string[] {
  const { status } = view.now;
  const elapsed = duration(elapsedMs(view.now));
  const lines = [
    `${status.scenario} · ${stateWords(status)} · ${elapsed} · ${progressWords(view)}`,
    ...(view.uiUrl === null ? [] : [`Web UI ${view.uiUrl}`]),
    '',
    ...shardTable(view, width),
  ];
  if (Object.keys(status.shards).length === 0) lines.push('waiting for the first shard to report');
  const problems = Object.values(status.shards).filter((shard) => shard.problem !== null);
  const { problem = null } = status;
  if (problem !== null) lines.push(`! orchestrator: ${problem}`);
  lines.push(...problems.map((shard) => `! ${shard.shard}: ${shard.problem}`));
  if (view.note !== null && view.note !== undefined) lines.push(`! ${view.note}`);
  return lines.map((line) => fit(line.trimEnd(), width));
}

/** One line of totals for a log. */
export function statusLine(view: StatusView): string {
  const { status } = view.now;
  const { totals, shards, problem = null } = status;
  const spilled = Object.values(shards).reduce((sum, { tally }) => sum + tally.spilledOut, 0);
  return [
    duration(elapsedMs(view.now)),
    stateWords(status),
    progressWords(view),
    `in flight ${grouped(totals.leased)}`,
    totals.queued === 0 ? 'queues empty' : `queued ${grouped(totals.queued)}`,
    `spilled ${grouped(spilled)}`,
    ...(problem === null ? [] : [`! ${problem}`]),
  ].join(' · ');
}

/** The lines of single shards that go below it, by shard and sorted by name. */
export function shardLines(view: StatusView): ReadonlyMap<string, ShardLine> {
  const shards = sortedShards(view.now.status);
  const width = Math.max(0, ...shards.map(([name]) => Math.min(name.length, NAME_CHARS_MAX)));
  return new Map(shards.map(([name, shard]) => [name, shardLine(view, name, shard, width)]));
}

/** What a log says of one shard. */
export interface ShardLine {
  readonly text: string;
  /** Its counts: what has to differ for the shard to be worth a line; '' while nothing has come to it. */
  readonly figures: string;
  /** Jobs wait there, run there, or are on their way out. */
  readonly hasWork: boolean;
}

function shardLine(view: StatusView, name: string, shard: LoadReport, width: number): ShardLine {
  const { tally, queued, leased, inTransit, paused, problem } = shard;
  const figures = [
    `queued ${grouped(queued)}`,
    `in flight ${grouped(leased)}`,
    `done ${grouped(tally.completed)}`,
    `failed ${grouped(tally.failed)}`,
    `spilled out ${grouped(tally.spilledOut)}`,
    ...(paused ? ['paused'] : []),
    ...(problem === null ? [] : [`! ${problem}`]),
  ];
  const rate = shardRate(view, name);
  const eta = paused ? '' : etaWords(queued + leased, rate);
  const pace = [
    ...(rate === null ? [] : [`${rateWords(rate)}/s`]),
    ...(eta === '' ? [] : [`ETA ${eta}`]),
  ];
  const label = cut(name, NAME_CHARS_MAX).padEnd(width);
  const text = `  ${label}  ${[...figures, ...pace].join(' · ')}`;
  const hasWork = queued + leased + inTransit > 0;
  const isTouched = hasWork || paused || problem !== null || hasCounted(tally);
  return { text, figures: isTouched ? figures.join() : '', hasWork };
}

/** Jobs a second between two samples of the same count; null when nothing can be said. */
export function rateOf(view: StatusView, countOf: (status: FabricStatus) => number): number | null {
  if (view.earlier === null) return null;
  const ms = view.now.atMs - view.earlier.atMs;
  if (ms <= 0) return null;
  return ((countOf(view.now.status) - countOf(view.earlier.status)) * 1000) / ms;
}

/** Milliseconds as people write them: `7 s`, `2:05`, `1:02:05`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const two = (value: number): string => String(value).padStart(2, '0');
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}:${two(seconds % 60)}`;
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(seconds % 60)}`;
}

function elapsedMs({ atMs, status }: Sample): number {
  return (status.finishedAtMs ?? atMs) - status.startedAtMs;
}

const ended = ({ completed, failed, cancelled, refused }: FabricStatus['totals']): number =>
  completed + failed + cancelled + refused;

function progressWords(view: StatusView): string {
  const { totals } = view.now.status;
  const words = [`done ${grouped(totals.completed)} of ${grouped(totals.submitted)}`];
  words.push(`failed ${grouped(totals.failed)}`);
  if (totals.refused > 0) words.push(`refused ${grouped(totals.refused)}`);
  const rate = rateOf(view, (status) => ended(status.totals));
  if (rate !== null) words.push(`${rateWords(rate)}/s`);
  const eta = etaWords(totals.submitted - ended(totals), rate);
  if (eta !== '') words.push(`ETA ${eta}`);
  return words.join(' · ');
}

function stateWords({ state, shards }: FabricStatus): string {
  const paused = Object.values(shards).filter((shard) => shard.paused);
  if (state !== 'running' || paused.length === 0) return state;
  return `running, paused: ${paused.map((shard) => shard.shard).join(', ')}`;
}

function shardTable(view: StatusView, width: number): string[] {
  const wide = width >= WIDE_FROM;
  const shards = sortedShards(view.now.status);
  if (shards.length === 0) return [];
  const head = ['shard', 'queued', 'flight', 'done', 'failed', 'in', 'out', 'rate/s', 'ETA'];
  const wideHead = ['limit', 'p95 ms', 'nodes'];
  const rows = shards.map(([name, shard]) => {
    const cells = shardCells(view, name, shard);
    return wide ? [...cells, ...wideCells(shard)] : cells;
  });
  return plainTable(wide ? [...head, ...wideHead] : head, rows, (column) => column > 0);
}

function shardCells(view: StatusView, name: string, shard: LoadReport): string[] {
  const { tally } = shard;
  const rate = shardRate(view, name);
  const eta = etaWords(shard.queued + shard.leased, rate);
  return [
    cut(shard.paused ? `‖ ${name}` : name, NAME_CHARS_MAX),
    grouped(shard.queued),
    grouped(shard.leased),
    grouped(tally.completed),
    grouped(tally.failed),
    grouped(tally.spilledIn),
    grouped(tally.spilledOut),
    rate === null ? '–' : rateWords(rate),
    shard.paused ? 'paused' : eta === '' ? '–' : eta,
  ];
}

function wideCells(shard: LoadReport): string[] {
  const ready = shard.nodes.filter((node) => node.state === 'ready').length;
  return [
    grouped(shard.policy.spilloverLimit),
    grouped(Math.round(shard.latencyMs.p95)),
    `${ready}/${shard.nodes.length}`,
  ];
}

function hasCounted({ completed, failed, spilledOut }: LoadReport['tally']): boolean {
  return completed + failed + spilledOut > 0;
}

function sortedShards({ shards }: FabricStatus): [string, LoadReport][] {
  return Object.entries(shards).sort(([a], [b]) => (a < b ? -1 : 1));
}

function shardRate(view: StatusView, name: string): number | null {
  return rateOf(view, ({ shards }) => {
    const tally = shards[name]?.tally;
    return tally === undefined ? 0 : tally.completed + tally.failed;
  });
}

function etaWords(left: number, rate: number | null): string {
  if (left <= 0 || rate === null || rate <= 0) return '';
  return duration((left * 1000) / rate);
}

function rateWords(rate: number): string {
  return rate < 10 ? rate.toFixed(1) : grouped(Math.round(rate));
}

function cut(text: string, charsMax: number): string {
  return text.length <= charsMax ? text : `${text.slice(0, charsMax - 1)}…`;
}

function fit(line: string, width: number): string {
  return line.startsWith('Web UI ') ? line : cut(line, width);
}
