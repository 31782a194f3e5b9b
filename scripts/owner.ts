/**
 * `planetary-fabric owner …`: the owner's controls on the command line. Arguments are checked against the
 * running fabric before anything is sent; what the fabric itself refuses comes back with its reason.
 */
import type { Command } from 'commander';
import pc from 'picocolors';
import { RANGES } from '../fabric/mission/fields.ts';
import { grouped, quoted } from '../fabric/mission/problems.ts';
import type { CommandRecord } from '../workflows/protocol.ts';
import type { CommandContext } from './command-context.ts';
import { commandName } from './command-name.ts';
import { EXIT, UsageError } from './exit-code.ts';
import type { CommandOptions, OwnerConsole } from './owner-console.ts';
import { say } from './place.ts';
import { fabricOption, jsonOption, textOption } from './options.ts';

interface OwnerOptions {
  readonly reason?: string;
  readonly by?: string;
  readonly fabric?: string;
  readonly json?: boolean;
}

type Send = (console: OwnerConsole, options: CommandOptions) => Promise<CommandRecord>;

const EXAMPLES = `
Examples:
  planetary-fabric owner pause luna --reason "solar storm"
  planetary-fabric owner resume luna
  planetary-fabric owner set-spillover-limit edge 200
  planetary-fabric owner set-latency-budget mars 600000

Every command waits until it was applied or refused, and says what it changed. One that no process has
confirmed in time stays with the server and is carried out once the fabric's processes run.
Ends with 0 when applied, 1 when refused or not confirmed, 2 when the arguments are wrong.`;

/** Adds the `owner` commands. */
export function addOwner(program: Command, context: CommandContext): void {
  const owner = program
    .command('owner')
    .summary("the owner's controls: pause, resume, limits, budgets, tick")
    .description("Change a running fabric's policy, or stop and start its shards.")
    .addHelpText('after', EXAMPLES);

  const verb = (usage: string, summary: string): Command => {
    const command = owner.command(usage).description(summary);
    textOption(command, '--reason <text>', 'why, for the record');
    textOption(command, '--by <name>', 'who orders it (default: the user of this machine)');
    return jsonOption(fabricOption(command));
  };

  verb('pause-all', 'stop leasing on every shard; what runs already runs to its end').action(
    (options: OwnerOptions) => carryOut(context, options, null, (to, how) => to.pauseAll(how)),
  );
  verb('resume-all', 'let every shard lease again').action((options: OwnerOptions) =>
    carryOut(context, options, null, (to, how) => to.resumeAll(how)),
  );
  verb('pause <shard>', 'stop leasing on one shard').action(
    (shard: string, options: OwnerOptions) =>
      carryOut(context, options, shard, (to, how) => to.pauseShard(shard, how)),
  );
  verb('resume <shard>', 'let one shard lease again').action(
    (shard: string, options: OwnerOptions) =>
      carryOut(context, options, shard, (to, how) => to.resumeShard(shard, how)),
  );
  verb('set-spillover-limit <shard> <jobs>', 'the queue depth above which a shard sheds').action(
    (shard: string, jobs: string, options: OwnerOptions) => {
      const limit = wholeNumber(jobs, 'the spillover limit', RANGES.spilloverLimit);
      return carryOut(context, options, shard, (to, how) =>
        to.updateSpilloverLimit(shard, limit, how),
      );
    },
  );
  verb('set-latency-budget <shard> <ms>', "a shard's latency budget in milliseconds").action(
    (shard: string, text: string, options: OwnerOptions) => {
      const ms = wholeNumber(text, 'the latency budget', RANGES.latencyBudgetMs);
      return carryOut(context, options, shard, (to, how) => to.updateLatencyBudget(shard, ms, how));
    },
  );
  verb('set-tick-interval <seconds>', "the orchestrator's cadence in seconds").action(
    (text: string, options: OwnerOptions) => {
      const seconds = inRange(text, 'the tick interval', RANGES.tickSeconds, 'a number');
      return carryOut(context, options, null, (to, how) => to.setTickInterval(seconds, how));
    },
  );
}

async function carryOut(
  context: CommandContext,
  options: OwnerOptions,
  shard: string | null,
  send: Send,
): Promise<void> {
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

function wholeNumber(text: string, what: string, range: Range): number {
  const value = inRange(text, what, range, 'a whole number');
  if (Number.isInteger(value)) return value;
  throw new UsageError(`${what}: found ${quoted(text)}; ${expectedRange(range, 'a whole number')}`);
}

function inRange(text: string, what: string, range: Range, sort: string): number {
  const value = /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (value >= range.min && value <= range.max) return value;
  throw new UsageError(`${what}: found ${quoted(text)}; ${expectedRange(range, sort)}`);
}

function expectedRange({ min, max }: Range, sort: string): string {
  return `expected ${sort} from ${grouped(min)} to ${grouped(max)}`;
}
