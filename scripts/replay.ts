/**
 * `planetary-fabric replay`: shows that a run comes out the same from its records. Its histories are replayed
 * through today's code, its outcome digest is made anew from ledger and results, and both are held
 * against the report.
 */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { readLedgerGroups } from '../activities/ledger.ts';
import { readLedgerFacts, type LedgerFacts } from '../reporting/ledger-facts.ts';
import { outcomeDigest } from '../reporting/outcome-digest.ts';
import { ProblemList } from '../reporting/problems.ts';
import { readResults } from '../reporting/read-results.ts';
import { runFiles } from '../reporting/run-files.ts';
import type { Report } from '../reporting/schema.ts';
import { workflowIds } from '../workflows/protocol.ts';
import type { CommandContext } from './command-context.ts';
import { EXIT, UsageError } from './exit-code.ts';
import { fetchHistories, readHistories, type ReadHistory } from './histories.ts';
import { jsonOption } from './options.ts';
import type { Output, Place } from './place.ts';
import { say, stateFolder } from './place.ts';
import type { Replayed } from './replay-histories.ts';
import { readRunSpec } from './state.ts';
import { newestReport } from './written-reports.ts';

const EXAMPLES = `
Example:
  planetary-fabric replay edge-relief-20260102-030405-ab12

Reads reports/planetary-fabric/ of this folder; a run that has left no histories yet is asked of its server.
Ends with 0, with 1 when something does not come out as recorded, with 2 when there is no such run.`;

const RUN_ID = /^[a-z][a-z0-9-]{0,99}$/;
/** Runs that are named when there is no such one. */
const NEWEST_SHOWN = 5;

/** What `--json` prints. */
export interface ReplayOutcome {
  readonly runId: string;
  readonly passed: boolean;
  readonly histories: {
    readonly from: 'files' | 'engine';
    readonly replayed: number;
    readonly events: number;
    readonly failures: readonly Replayed[];
  };
  /** `reported` is null for a run without a report, or with one that its ledger has outgrown. */
  readonly outcomeDigest: { readonly remade: string; readonly reported: string | null };
  /** Everything in the files that contradicts itself or the report, in words. */
  readonly problems: readonly string[];
}

/** Adds the command. */
export function addReplay(program: Command, context: CommandContext): void {
  const command = program
    .command('replay <run>')
    .description("replay a run's histories and make its outcome digest anew")
    .addHelpText('after', EXAMPLES);
  jsonOption(command).action(async (runId: string, options: { json?: boolean }) => {
    const { place } = context;
    const talk = options.json === true ? place.err : place.out;
    const outcome = await replayRun(runId, context, talk);
    if (options.json === true) say(place.out, JSON.stringify(outcome, null, 2));
    else for (const line of outcomeLines(outcome)) say(place.out, line);
    context.endWith(outcome.passed ? EXIT.done : EXIT.failed);
  });
}

/** Replays and compares, with a line for each history. Throws UsageError when there is no such run. */
export async function replayRun(
  runId: string,
  context: Pick<CommandContext, 'place' | 'accessFabric'>,
  talk: Output,
): Promise<ReplayOutcome> {
  const { place } = context;
  const reports = reportsFolder(place);
  const source = await sourceOf(runId, context);
  const { from } = source;
  const replayed: Replayed[] = [];
  // Only this command needs the worker's whole machinery.
  const { replayHistories } = await import('./replay-histories.ts');
  try {
    for await (const each of replayHistories(source.histories)) {
      replayed.push(each);
      say(talk, replayedLine(each));
    }
  } finally {
    await source.close();
  }
  const remade = await remake(reports, runId);
  const report = await reportOf(reports, runId);
  const ledger = join(reports, 'ledger', runId);
  const compared = report === null ? null : await compare(report, remade, ledger);
  const problems = [
    ...remade.problems,
    ...missingHistories(replayed, remade.chains),
    ...(compared?.found ?? []),
  ];
  const failures = replayed.filter(({ why }) => why !== null);
  const reported = compared?.isOlder === false ? report!.outcomeDigest : null;
  return {
    runId,
    passed: failures.length === 0 && problems.length === 0 && replayed.length > 0,
    histories: {
      from,
      replayed: replayed.length - failures.length,
      events: replayed.reduce((sum, { events }) => sum + events, 0),
      failures,
    },
    outcomeDigest: { remade: remade.digest, reported },
    problems,
  };
}

function replayedLine({ workflowId, n, events, why }: Replayed): string {
  const how = why === null ? `${events} events as recorded` : `NOT REPLAYED: ${why}`;
  return `${workflowId}, run ${n}: ${how}`;
}

/** What is printed at the end. */
export function outcomeLines({
  histories,
  outcomeDigest: digest,
  problems,
}: ReplayOutcome): string[] {
  const { replayed, events, failures } = histories;
  const all = replayed + failures.length;
  const reported =
    digest.reported === null
      ? 'there is no report of all of it yet to compare it with'
      : digest.reported === digest.remade
        ? 'the report says the same'
        : `the report says ${digest.reported}`;
  return [
    `Replayed ${replayed} of ${all} histories, ${events} events, through the code as it is now.`,
    `Outcome digest from ledger and results: ${digest.remade}; ${reported}.`,
    ...problems.map((problem) => `! ${problem}`),
  ];
}

interface Remade {
  readonly digest: string;
  readonly chains: LedgerFacts['chains'];
  readonly problems: readonly string[];
}

async function remake(reports: string, runId: string): Promise<Remade> {
  const records = runFiles({
    ledger: join(reports, 'ledger', runId),
    results: join(reports, 'results', runId),
  });
  const list = new ProblemList();
  const { table, chains } = await readLedgerFacts(records, false, list);
  await readResults(records, table, list);
  const more = list.total - list.kept.length;
  const problems = list.kept.map(({ what }) => what);
  if (more > 0) problems.push(`and ${more} more of these sorts`);
  return { digest: outcomeDigest(table), chains, problems };
}

/** `isOlder`: the ledger goes on after the report, as that of a fabric that was kept, and holds no less. */
async function compare(
  report: Report,
  remade: Remade,
  ledger: string,
): Promise<{ readonly isOlder: boolean; readonly found: readonly string[] }> {
  const found: string[] = [];
  let isOlder = false;
  for (const [chain, head] of Object.entries(report.ledger.heads)) {
    const there = remade.chains.get(chain)?.head ?? '';
    if (there === head) continue;
    if (there !== '' && (await leadsThrough(join(ledger, chain), head))) isOlder = true;
    else
      found.push(`${chain}: the ledger does not lead to ${head}, where the report says it ended`);
  }
  const isSame = report.outcomeDigest === remade.digest;
  if (!isOlder && !isSame) found.push('the outcome digest is not the one of the report');
  return { isOlder, found };
}

async function leadsThrough(folder: string, head: string): Promise<boolean> {
  for await (const group of readLedgerGroups(folder)) if (group.head === head) return true;
  return false;
}

/** Every chain of the ledger was written by one workflow. */
function missingHistories(replayed: readonly Replayed[], chains: Remade['chains']): string[] {
  const ids = replayed.map(({ workflowId }) => workflowId);
  const isThere = (chain: string): boolean =>
    ids.some((id) => id.endsWith(chain === 'orchestrator' ? '.orchestrator' : `.shard.${chain}`));
  const missing = [...chains.keys()].filter((chain) => !isThere(chain));
  return missing.map((chain) => `${chain}: there is a ledger and no history of it`);
}

interface Source {
  readonly from: 'files' | 'engine';
  readonly histories: AsyncIterable<ReadHistory>;
  close(): Promise<void>;
}

/** Where the run's histories are. Throws UsageError when there is no such run, and when it has left none. */
async function sourceOf(
  runId: string,
  { place, accessFabric }: Pick<CommandContext, 'place' | 'accessFabric'>,
): Promise<Source> {
  if (!RUN_ID.test(runId)) throw new UsageError(await unknownRun(place, runId));
  const folder = join(reportsFolder(place), 'histories', runId);
  if ((await readdir(folder).catch(() => [])).length > 0) {
    return { from: 'files', histories: readHistories(folder), close: () => Promise.resolve() };
  }
  const spec = await readRunSpec(stateFolder(place), runId).catch(() => null);
  if (spec === null) throw new UsageError(await unknownRun(place, runId));
  const access = await accessFabric(spec.fabric);
  if (access.record !== null && access.record.runId !== runId) {
    await access.close();
    throw new UsageError(`Run ${runId} has left no histories, and no fabric of it runs any more.`);
  }
  const workflows = new Map(
    workflowIds(spec).map((id) => [id, access.client.workflow.getHandle(id)]),
  );
  const histories = fetchHistories(access.client, workflows);
  return { from: 'engine', histories, close: () => access.close() };
}

async function reportOf(reports: string, runId: string): Promise<Report | null> {
  const file = newestReport({ runId, folders: { ledger: '', results: '', reports } });
  return file === null ? null : (JSON.parse(await readFile(file, 'utf8')) as Report);
}

async function unknownRun(place: Place, runId: string): Promise<string> {
  const folder = join(reportsFolder(place), 'histories');
  const names = await readdir(folder).catch(() => []);
  const dated = await Promise.all(
    names.map(async (name) => ({ name, at: (await stat(join(folder, name))).mtimeMs })),
  );
  const newest = dated.sort((a, b) => b.at - a.at).slice(0, NEWEST_SHOWN);
  const there =
    newest.length === 0
      ? 'no run has left histories here'
      : `the newest are ${newest.map(({ name }) => name).join(', ')}`;
  return `There is no run "${runId}" in this folder; ${there}.`;
}

function reportsFolder({ folder }: Place): string {
  return join(folder, 'reports', 'planetary-fabric');
}
