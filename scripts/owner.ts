/**
 * `planetary-fabric owner …`: the owner's controls on the command line. Arguments are checked against the
 * running fabric before anything is sent; what the fabric itself refuses comes back with its reason.
 */
import type { Command } from 'commander';
import { RANGES } from '../fabric/mission/fields.ts';
import type { CommandContext } from './command-context.ts';
import { carryOut, inRange, ownerVerb, wholeNumber, type OwnerOptions } from './owner-command.ts';

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

  const verb = (usage: string, summary: string): Command => ownerVerb(owner, usage, summary);

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
