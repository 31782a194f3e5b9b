/**
 * What all commands of the owner have in common on the command line: who orders it and why, the wait for
 * its outcome, and the words for it.
 */
import type { Command } from 'commander';
import pc from 'picocolors';
import { grouped, quoted } from '../fabric/mission/problems.ts';
import type { CommandRecord } from '../workflows/protocol.ts';
import type { CommandContext } from './command-context.ts';
import { commandName } from './command-name.ts';
import { EXIT, UsageError } from './exit-code.ts';
import { fabricOption, jsonOption, textOption } from './options.ts';
import type { CommandOptions, OwnerConsole } from './owner-console.ts';
import { say } from './place.ts';

export interface OwnerOptions {
  readonly reason?: string;
  readonly by?: string;
  readonly fabric?: string;
  readonly json?: boolean;
}

type Send = (console: OwnerConsole, options: CommandOptions) => Promise<CommandRecord>;

/** Adds one command with the options that all of them take. */
export function ownerVerb(parent: Command, usage: string, summary: string): Command {
  const command = parent.command(usage).description(summary);
  textOption(command, '--reason <text>', 'why, for the record');
  textOption(command, '--by <name>', 'who orders it (default: the user of this machine)');
  return jsonOption(fabricOption(command));
}

/** Sends the command and says what became of it. With a shard, that one is looked for first. */
export async function carryOut(...order: Parameters<typeof carriedOut>): Promise<void> {
  await carriedOut(...order);
}

/** The same, and returns what became of it. */
export async function carriedOut(
  context: CommandContext,
  options: OwnerOptions,
  shard: string | null,
  send: Send,
): Promise<CommandRecord> {
  const { place } = context;
  const opened = await context.openConsole(options.fabric);
  try {
    if (shard !== null) refuseUnknownShard(shard, opened.shards);
    const startedMs = Date.now();
    const record = await send(opened.console, {
      by: options.by ?? place.user,
      ...(options.reason === undefined ? {} : { reason: options.reason }),
    });
    const tookMs = Date.now() - startedMs;
    if (options.json === true) say(place.out, JSON.stringify({ ...record, tookMs }, null, 2));
    else for (const line of outcomeLines(record, tookMs)) say(place.out, line);
    context.endWith(record.outcome === 'applied' ? EXIT.done : EXIT.failed);
    return record;
  } finally {
    await opened.console.close();
  }
}

/** The outcome of a command in words. */
export function outcomeLines(record: CommandRecord, tookMs: number): string[] {
  const took = `${grouped(tookMs)} ms`;
  switch (record.outcome) {
    case 'applied':
      return [`${pc.green('applied')} ${record.name} in ${took}: ${record.effect}`];
    case 'refused':
      return [`${pc.red('refused')} ${record.name} after ${took}: ${record.refusedBecause ?? ''}`];
    default:
      return [
        `${pc.yellow('not confirmed')} ${record.name} within ${took}: ${record.effect}`,
        `It may still be applied; \`${commandName()} status\` shows it. Command id: ${record.commandId}`,
      ];
  }
}

function refuseUnknownShard(shard: string, shards: readonly string[]): void {
  if (shards.length === 0 || shards.includes(shard)) return;
  throw new UsageError(`shard: found ${quoted(shard)}; expected one of ${shards.join(', ')}`);
}

type Range = { readonly min: number; readonly max: number };

/** A whole number in the range; throws UsageError otherwise. */
export function wholeNumber(text: string, what: string, range: Range): number {
  const value = inRange(text, what, range, 'a whole number');
  if (Number.isInteger(value)) return value;
  throw new UsageError(`${what}: found ${quoted(text)}; ${expectedRange(range, 'a whole number')}`);
}

/** A number in the range; throws UsageError otherwise. */
export function inRange(text: string, what: string, range: Range, sort: string): number {
  const value = /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (value >= range.min && value <= range.max) return value;
  throw new UsageError(`${what}: found ${quoted(text)}; ${expectedRange(range, sort)}`);
}

function expectedRange({ min, max }: Range, sort: string): string {
  return `expected ${sort} from ${grouped(min)} to ${grouped(max)}`;
}
