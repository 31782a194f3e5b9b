// The sample run as a real run leaves it, in files, and what may come after its report.
import { join } from 'node:path';
import { appendLedger, readLedgerGroups } from '../../activities/ledger.ts';
import { writtenSegment } from '../activities/written-segment.ts';
import type { LedgerEntry, LedgerEvent } from '../../fabric/ledger.ts';
import type { ReportInput } from '../../scripts/finish.ts';
import { command, entriesOf, sampleRun } from './sample-run.ts';

/** The sample run as files below `folder`, its ledger in groups of five; what its report is made from. */
export async function writtenRun(folder: string): Promise<ReportInput> {
  const folders = {
    ledger: join(folder, 'ledger'),
    results: join(folder, 'results'),
    reports: folder,
  };
  const { run, chains, segments } = sampleRun();
  const written = new Map<string, unknown>();
  for (const [name, records] of Object.entries(segments)) {
    const full = records.map((record) => ({
      value: 2.5,
      ms: 1,
      id: record.id,
      kind: record.kind,
      feed: record.feed,
      ordinal: record.ordinal,
      attempt: record.attempt,
      status: record.status,
      result: record.result,
      ...(record.code === undefined ? {} : { code: record.code }),
    }));
    written.set(name, await writtenSegment(folders.results, name, full));
  }
  for (const [chain, events] of Object.entries(chains)) {
    const entries = entriesOf(events, segments).map((entry) =>
      entry.type === 'outcome' && entry.segment !== null
        ? { ...entry, segment: written.get(entry.segment.name) as typeof entry.segment }
        : entry,
    );
    let head = '';
    for (let at = 0; at < entries.length; at += 5) {
      const group = entries.slice(at, at + 5);
      const input = { folder: join(folders.ledger, chain), head, entries: group };
      ({ head } = await appendLedger(input));
    }
  }
  return { ...run, spec: { ...run.spec, folders } } as ReportInput;
}

/** The same fabric after one more command of its owner. */
export async function continued(input: ReportInput): Promise<ReportInput> {
  await append(input, command('c-2', 'pauseAll'));
  const { status, governance } = input.result;
  const [first] = governance.commands;
  const commands = [...governance.commands, { ...first!, commandId: 'c-2', name: 'pauseAll' }];
  return { ...input, result: { status, governance: { ...governance, commands } } };
}

/** The same fabric after its orchestrator has closed. */
export async function closed(input: ReportInput): Promise<ReportInput> {
  await append(input, { type: 'close', tally: {} });
  return input;
}

async function append({ spec }: ReportInput, event: LedgerEvent): Promise<void> {
  const folder = join(spec.folders.ledger, 'orchestrator');
  let seq = 0;
  let head = '';
  for await (const group of readLedgerGroups(folder)) {
    seq += group.entries.length;
    ({ head } = group);
  }
  await appendLedger({ folder, head, entries: [{ seq, at: 0, ...event } as LedgerEntry] });
}
