/** `planetary-fabric status`: one look at a running fabric, and how to reach it by other means. */
import type { Command } from 'commander';
import type { FabricStatus } from '../workflows/protocol.ts';
import { orchestratorId, QUERY } from '../workflows/protocol.ts';
import type { CommandContext } from './command-context.ts';
import { fullDisk } from './disk-room.ts';
import { EXIT } from './exit-code.ts';
import type { FabricAccess } from './fabric-access.ts';
import { lookAt } from './fabric-access.ts';
import { renderStatus } from './live-view.ts';
import { fabricOption, jsonOption } from './options.ts';
import type { Output } from './place.ts';
import { say, stateFolder } from './place.ts';

const WIDTH = 80;
const WIDTH_MAX = 120;

interface StatusOptions {
  readonly fabric?: string;
  readonly json?: boolean;
}

const EXAMPLES = `
Examples:
  planetary-fabric status
  planetary-fabric status --json --fabric site-b

Ends with 0, with 1 when the fabric's processes don't answer, with 3 when no fabric runs here.`;

/** Adds the command. */
export function addStatus(program: Command, context: CommandContext): void {
  const command = program
    .command('status')
    .description('one look at a running fabric, with its address and Web UI link')
    .addHelpText('after', EXAMPLES);
  jsonOption(fabricOption(command)).action(async (options: StatusOptions) => {
    const access = await context.accessFabric(options.fabric);
    try {
      const status = await lookAt(access);
      const { out } = context.place;
      if (options.json === true) say(out, JSON.stringify(statusJson(access, status), null, 2));
      else {
        for (const line of statusLines(access, status, widthOf(out))) say(out, line);
        const full = status === null ? await fullDisk(stateFolder(context.place)) : null;
        if (full !== null) say(out, `! ${full}`);
      }
      context.endWith(status === null ? EXIT.failed : EXIT.done);
    } finally {
      await access.close();
    }
  });
}

type Seen = Pick<FabricAccess, 'fabric' | 'record' | 'address' | 'namespace' | 'uiUrl'>;

function statusJson(access: Seen, status: FabricStatus | null) {
  const { fabric, address, namespace, uiUrl } = access;
  const runId = status?.runId ?? access.record?.runId ?? null;
  return { fabric, runId, address, namespace, webUi: uiUrl, answering: status !== null, status };
}

/** What `status` prints. */
export function statusLines(
  access: Seen,
  status: FabricStatus | null,
  width: number,
  atMs = Date.now(),
): string[] {
  const { fabric, address, namespace, uiUrl } = access;
  const lines =
    status === null
      ? [`The server of "${fabric}" answers, but no orchestrator process does: nothing is leased.`]
      : renderStatus({ now: { atMs, status }, earlier: null, uiUrl }, width);
  const shard = Object.keys(status?.shards ?? {})[0] ?? 'luna';
  return [
    ...lines,
    '',
    `fabric   ${fabric}, run ${status?.runId ?? access.record?.runId ?? 'unknown'}`,
    `address  ${address}, namespace ${namespace}`,
    ...(status === null && uiUrl !== null ? [`Web UI   ${uiUrl}`] : []),
    '',
    'By hand, with the Temporal CLI:',
    `  ${temporalLine(access, 'signal', `--name pauseShard --input '{"shard":"${shard}"}'`)}`,
    `  ${temporalLine(access, 'query', `--type ${QUERY.fabricStatus}`)}`,
  ];
}

/** A whole line of the Temporal CLI for this fabric's orchestrator. */
export function temporalLine(
  { address, namespace, fabric }: Seen,
  verb: 'signal' | 'query',
  rest: string,
): string {
  const where = `--address ${address} --namespace ${namespace}`;
  return `temporal workflow ${verb} ${where} --workflow-id ${orchestratorId(fabric)} ${rest}`;
}

function widthOf(output: Output): number {
  return output.stream === null ? WIDTH : Math.min(output.stream.columns, WIDTH_MAX);
}
