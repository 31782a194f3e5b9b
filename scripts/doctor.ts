/** `planetary-fabric doctor`: what is installed, what is missing, and which server a run would use. */
import type { Command } from 'commander';
import pc from 'picocolors';
import type { Diagnosis, DoctorRow } from '../engine/doctor.ts';
import type { CommandContext } from './command-context.ts';
import { EXIT } from './exit-code.ts';
import { jsonOption } from './options.ts';
import { say } from './place.ts';
import { plainTable } from './plain-table.ts';

const EXAMPLES = `
It looks and asks for versions; it downloads, builds and starts nothing.
Ends with 0 when a server can be had, 3 when none can.`;

const GROUPS: readonly (readonly [DoctorRow['group'], string])[] = [
  ['tools', 'Tools'],
  ['engine', 'Temporal server, in the order in which they are tried'],
  ['time-skipping', 'Time-skipping test server, only for the tests'],
];

/** Adds the command. */
export function addDoctor(program: Command, context: CommandContext): void {
  const command = program
    .command('doctor')
    .description('say what is installed, what is missing, and which server a run would use')
    .addHelpText('after', EXAMPLES);
  jsonOption(command).action(async (options: { readonly json?: boolean }) => {
    const diagnosis = await context.diagnose();
    const { out } = context.place;
    if (options.json === true) say(out, JSON.stringify(diagnosis, null, 2));
    else for (const line of diagnosisLines(diagnosis)) say(out, line);
    context.endWith(diagnosis.engineReady ? EXIT.done : EXIT.noEngine);
  });
}

/** The diagnosis as lines of text. */
export function diagnosisLines(diagnosis: Diagnosis): string[] {
  const lines: string[] = [];
  for (const [group, title] of GROUPS) {
    const rows = diagnosis.rows.filter((row) => row.group === group);
    if (rows.length > 0) lines.push(pc.bold(title), ...tableOf(rows), '');
  }
  return [
    ...lines,
    `A run would use  ${diagnosis.engine}`,
    `Tests would use  ${diagnosis.timeSkipping}`,
    '',
    'Search attributes are set where they are registered and never required. On a server of your own:',
    ...diagnosis.searchAttributeLines.map((line) => `  ${line}`),
  ];
}

const MARKS: Readonly<Record<DoctorRow['state'], string>> = {
  found: '✓',
  missing: '–',
  refused: '✗',
};

function tableOf(rows: readonly DoctorRow[]): string[] {
  return plainTable(
    [],
    rows.map(({ state, name, detail }) => [`  ${MARKS[state]}`, name, detail]),
  );
}
