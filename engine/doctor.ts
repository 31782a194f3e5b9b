/**
 * What `planetary-fabric doctor` prints, as data: the tools on this machine, what each link of both
 * chains finds, and which server would be used. It looks and asks for versions; it downloads,
 * builds and starts nothing.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Finding, LinkReport } from './chain.ts';
import { probeChain } from './chain.ts';
import { findLive } from './embedded.ts';
import type { ConnectionWish } from './links/external.ts';
import { goVersion } from './links/go-build.ts';
import { pipVersion } from './links/test-server.ts';
import { engineLinks } from './resolve.ts';
import { SEARCH_ATTRIBUTES } from './server-arguments.ts';
import { timeSkippingLinks } from './time-skipping.ts';

const run = promisify(execFile);
const NODE_MIN = [20, 19] as const;

/** One line of the table. `refused` is an explicit setting that can't be met. */
export interface DoctorRow {
  readonly group: 'tools' | 'engine' | 'time-skipping';
  readonly name: string;
  readonly state: 'found' | 'missing' | 'refused';
  readonly detail: string;
}

/** The whole diagnosis. */
export interface Diagnosis {
  readonly rows: readonly DoctorRow[];
  /** Which server a run would use now, in one sentence. */
  readonly engine: string;
  /** Which time-skipping server tests would use now, in one sentence. */
  readonly timeSkipping: string;
  /** False when a run would end with exit code 3 (as far as can be seen without trying). */
  readonly engineReady: boolean;
  /** Shell lines that register the search attributes on a server of one's own. */
  readonly searchAttributeLines: readonly string[];
}

/** Looks around. `stateDir` is asked for an embedded server that already runs. */
export async function diagnose(
  options: ConnectionWish & { readonly stateDir?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<Diagnosis> {
  const env = options.env ?? process.env;
  const [tools, engine, timeSkipping, live] = await Promise.all([
    toolRows(env),
    probeChain(engineLinks(options, env)),
    probeChain(timeSkippingLinks(env)),
    options.stateDir === undefined ? null : findLive(options.stateDir),
  ]);
  const chosen = firstDecisive(engine);
  const usesLive = live !== null && chosen?.name !== 'address or profile';
  return {
    rows: [
      ...tools,
      ...engine.map((report) => rowOf('engine', report)),
      ...timeSkipping.map((report) => rowOf('time-skipping', report)),
    ],
    engine: usesLive
      ? `the embedded server that already runs at ${live.address} (Web UI ${live.uiUrl})`
      : choiceLine(chosen),
    timeSkipping: choiceLine(firstDecisive(timeSkipping)),
    engineReady: usesLive || chosen?.finding.state === 'found',
    searchAttributeLines: searchAttributeLines(options.address, options.namespace),
  };
}

/** The Temporal CLI's lines that create the fabric's search attributes; they are never required. */
export function searchAttributeLines(address?: string, namespace?: string): string[] {
  const where = [
    ...(address === undefined ? [] : ['--address', address]),
    ...(namespace === undefined ? [] : ['--namespace', namespace]),
  ];
  return SEARCH_ATTRIBUTES.map((name) =>
    ['temporal operator search-attribute create --name', name, '--type Keyword', ...where].join(
      ' ',
    ),
  );
}

/** The first link that would end the walk: one that has a server, or one that refuses. */
function firstDecisive(reports: readonly LinkReport[]): LinkReport | undefined {
  return reports.find((report) => report.finding.state !== 'absent');
}

function choiceLine(chosen: LinkReport | undefined): string {
  if (chosen === undefined) return 'none: nothing was found';
  return chosen.finding.state === 'found'
    ? `${chosen.name}: ${chosen.finding.detail}`
    : `none: ${detailOf(chosen.finding)}`;
}

function rowOf(group: DoctorRow['group'], { name, finding }: LinkReport): DoctorRow {
  const state = finding.state === 'absent' ? 'missing' : finding.state;
  return { group, name, state, detail: detailOf(finding) };
}

function detailOf(finding: Finding): string {
  return finding.state === 'found' ? finding.detail : finding.why;
}

async function toolRows(env: NodeJS.ProcessEnv): Promise<DoctorRow[]> {
  const [npm, go, python, pip] = await Promise.all([
    firstLine('npm', ['--version'], env),
    goVersion(env),
    firstLine('python3', ['--version'], env),
    pipVersion(env),
  ]);
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const nodeIsEnough = major > NODE_MIN[0] || (major === NODE_MIN[0] && minor >= NODE_MIN[1]);
  const tool = (name: string, version: string | null, purpose: string): DoctorRow => ({
    group: 'tools',
    name,
    state: version === null ? 'missing' : 'found',
    detail: version ?? purpose,
  });
  return [
    {
      group: 'tools',
      name: 'node',
      state: nodeIsEnough ? 'found' : 'refused',
      detail: `${process.version}${nodeIsEnough ? '' : `, ${NODE_MIN.join('.')} or newer is needed`}`,
    },
    tool('npm', npm, 'needed to install'),
    tool('go', go, 'only needed to build a server where none can be downloaded'),
    tool('python', python, 'only needed to fetch the time-skipping test server'),
    tool('pip', pip, 'only needed to fetch the time-skipping test server'),
  ];
}

async function firstLine(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<string | null> {
  try {
    const { stdout } = await run(command, [...args], { env, timeout: 10_000 });
    return stdout.trim().split('\n')[0] ?? null;
  } catch {
    return null;
  }
}
