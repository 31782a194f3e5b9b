/** `planetary-fabric status`: one look at a running fabric, and how to reach it by other means. */
import type { Command } from 'commander';
import type { FabricStatus } from '../workflows/protocol.ts';
import { orchestratorId, QUERY } from '../workflows/protocol.ts';
import type { CommandContext } from './command-context.ts';
import { whySilent } from './disk-room.ts';
import { EXIT } from './exit-code.ts';
import type { FabricAccess } from './fabric-access.ts';
import { lookAt } from './fabric-access.ts';
import { renderStatus } from './live-view.ts';
import { fabricOption, jsonOption } from './options.ts';
import type { Output } from './place.ts';
import { say } from './place.ts';

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
      const { out } = context.place;
      const seen: Look = (await lookAt(access)) ?? { why: await whySilent(access, context.place) };
      if (options.json === true) say(out, JSON.stringify(statusJson(access, seen), null, 2));
      else for (const line of statusLines(access, seen, widthOf(out))) say(out, line);
      context.endWith('why' in seen ? EXIT.failed : EXIT.done);
    } finally {
      await access.close();
    }
  });
}

/** The status, or why there is none. */
type Look = FabricStatus | { readonly why: string };

type Seen = Pick<FabricAccess, 'fabric' | 'record' | 'address' | 'namespace' | 'uiUrl'>;

function statusJson(access: Seen, look: Look) {
  const { fabric, address, namespace, uiUrl } = access;
  const status = 'why' in look ? null : look;
  const runId = status?.runId ?? access.record?.runId ?? null;
  return { fabric, runId, address, namespace, webUi: uiUrl, answering: status !== null, status };
}

/** What `status` prints. */
export function statusLines(access: Seen, look: Look, width: number, atMs = Date.now()): string[] {
  const { fabric, address, namespace, uiUrl } = access;
  const status = 'why' in look ? null : look;
  const lines =
    'why' in look
      ? [`The server of "${fabric}" answers, but ${look.why}.`]
      : renderStatus({ now: { atMs, status: look }, earlier: null, uiUrl }, width);
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
