/** `planetary-fabric submit`: hands jobs to a running fabric, and says what became of each. */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { grouped, quoted } from '../fabric/mission/problems.ts';
import type { CommandRecord } from '../workflows/protocol.ts';
import type { CommandContext } from './command-context.ts';
import { EXIT, UsageError } from './exit-code.ts';
import { fabricOption, jsonOption, textOption } from './options.ts';
import type { JobToSubmit, OwnerConsole } from './owner-console.ts';
import { say } from './place.ts';
import { batchesOf, readSubmission } from './submission.ts';
import { waitingLines } from './waiting-jobs.ts';

interface SubmitOptions {
  readonly reason?: string;
  readonly by?: string;
  readonly fabric?: string;
  readonly json?: boolean;
}

/** What became of the jobs of a file. */
export interface Submitted {
  readonly accepted: readonly string[];
  readonly refused: readonly { readonly id: string; readonly because: string }[];
  /** Sent, and no answer within the time. */
  readonly unconfirmed: readonly string[];
}

const REFUSED_SHOWN_MAX = 50;
const EXAMPLES = `
Example, a file of one JSON job a line:
  {"id":"survey-1","kind":"survey","payload":{"site":"Ina"},"shard":"luna"}
  {"id":"survey-2","kind":"survey","payload":{"site":"Aristarchus"},"priority":8}

  planetary-fabric submit jobs.ndjson

The whole file is checked first; with a broken line nothing is sent. A shard's inbox is bounded: larger
work is given as a feed in a mission file. A job may name the "skills" that a node must have for it; one
that no node has yet is refused or waits for a node, as the mission says, and you are told. Ends with 0 when every job was accepted, 1 when one was not.`;

/** Adds the command. */
export function addSubmit(program: Command, context: CommandContext): void {
  const command = program
    .command('submit <file>')
    .description('submit jobs; prints what was accepted, and what was refused with the reason')
    .addHelpText('after', EXAMPLES);
  textOption(command, '--reason <text>', 'why, for the record');
  textOption(command, '--by <name>', 'who submits them (default: the user of this machine)');
  jsonOption(fabricOption(command)).action(async (file: string, options: SubmitOptions) => {
    const { place } = context;
    const jobs = await readSubmission(resolve(place.folder, file), file);
    const { console, shards } = await context.openConsole(options.fabric);
    try {
      refuseUnknownShards(file, jobs, shards);
      const how = {
        by: options.by ?? place.user,
        ...(options.reason === undefined ? {} : { reason: options.reason }),
      };
      const outcomes: Submitted[] = [];
      for (const batch of batchesOf(jobs)) {
        outcomes.push(outcomeOf(batch, await console.submit(batch, how)));
      }
      const all = merge(outcomes);
      if (options.json === true) say(place.out, JSON.stringify(all, null, 2));
      else for (const line of submittedLines(all)) say(place.out, line);
      for (const line of await notesOn(jobs, all, console)) say(place.err, `note: ${line}`);
      const isDone = all.refused.length + all.unconfirmed.length === 0;
      context.endWith(isDone ? EXIT.done : EXIT.failed);
    } finally {
      await console.close();
    }
  });
}

/** What is worth a note of jobs that were accepted; nothing where the fabric doesn't answer any more. */
async function notesOn(
  jobs: readonly JobToSubmit[],
  { accepted }: Submitted,
  console: OwnerConsole,
): Promise<string[]> {
  if (!jobs.some(({ skills = [] }) => skills.length > 0)) return [];
  const snapshot = await console.snapshot().catch(() => null);
  return snapshot === null ? [] : waitingLines(jobs, accepted, snapshot.status);
}

/** What a command's record says of each job of its batch. */
export function outcomeOf(batch: readonly JobToSubmit[], record: CommandRecord): Submitted {
  const accepted = record.answers.flatMap((answer) => answer.accepted ?? []);
  const refused = record.answers.flatMap((answer) => answer.refused ?? []);
  const told = new Set([...accepted, ...refused.map(({ id }) => id)]);
  const rest = batch.map(({ id }) => id).filter((id) => !told.has(id));
  if (record.outcome !== 'refused') return { accepted, refused, unconfirmed: rest };
  const because = record.refusedBecause ?? 'no reason was given';
  return {
    accepted,
    refused: [...refused, ...rest.map((id) => ({ id, because }))],
    unconfirmed: [],
  };
}

/** What became of them, in words. */
export function submittedLines({ accepted, refused, unconfirmed }: Submitted): string[] {
  const lines = [`accepted ${grouped(accepted.length)}, refused ${grouped(refused.length)}`];
  lines.push(
    ...refused.slice(0, REFUSED_SHOWN_MAX).map(({ id, because }) => `  ${id}: ${because}`),
  );
  if (refused.length > REFUSED_SHOWN_MAX) {
    lines.push(`  and ${grouped(refused.length - REFUSED_SHOWN_MAX)} more; --json names them all`);
  }
  if (unconfirmed.length > 0) {
    lines.push(
      `not confirmed in time: ${grouped(unconfirmed.length)}; they were sent and may still be accepted`,
    );
  }
  return lines;
}

function merge(parts: readonly Submitted[]): Submitted {
  return {
    accepted: parts.flatMap((part) => part.accepted),
    refused: parts.flatMap((part) => part.refused),
    unconfirmed: parts.flatMap((part) => part.unconfirmed),
  };
}

function refuseUnknownShards(
  file: string,
  jobs: readonly JobToSubmit[],
  shards: readonly string[],
): void {
  if (shards.length === 0) return;
  const lost = jobs.find(({ shard }) => shard !== undefined && !shards.includes(shard));
  if (lost === undefined) return;
  throw new UsageError(
    `${file}: job ${quoted(lost.id)}: shard: found ${quoted(lost.shard!)}; expected one of ${shards.join(', ')}\nNothing was sent.`,
  );
}
