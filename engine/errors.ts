/**
 * The engine's named errors. They exist apart so that the command line can turn each into its exit
 * code and one readable message without importing anything that touches Temporal.
 */
import type { LinkReport } from './chain.ts';

/** Exit code of CONTRACT's "no engine could be reached or provided". */
export const NO_ENGINE_EXIT_CODE = 3;

/** Common shape: an operator can mend it, so the command line prints the message, never a stack. */
export class EngineError extends Error {
  readonly exitCode: number = NO_ENGINE_EXIT_CODE;
}

const WAYS_TO_MEND = `Three ways to mend it:
  1. point at a server that runs:          TEMPORAL_ADDRESS=host:7233 (or TEMPORAL_PROFILE with a temporal.toml)
  2. name a Temporal CLI on this machine:  TEMPORAL_CLI_PATH=/path/to/temporal (or put "temporal" on PATH)
  3. let the fabric fetch one:             an open network, or Go 1.21 or newer (https://go.dev/dl) to build it`;

/** No link of the chain gave a server; the message has what each link said and three ways on. */
export class NoEngineError extends EngineError {
  override readonly name = 'NoEngineError';
  readonly said: readonly LinkReport[];

  constructor(said: readonly LinkReport[]) {
    const lines = said.map((report) => `  ${report.name}: ${whatItSaid(report)}`);
    super(`No Temporal server could be found or provided.\n${lines.join('\n')}\n${WAYS_TO_MEND}`);
    this.said = said;
  }
}

/** The server's address is known, but nothing there answers as a Temporal server. */
export class EngineUnreachableError extends EngineError {
  override readonly name = 'EngineUnreachableError';
  readonly address: string;
  readonly namespace: string;

  constructor(address: string, namespace: string, because: string) {
    super(
      `The Temporal server at ${address} (namespace "${namespace}") can't be used: ${because}\n` +
        'Check the address and namespace, or unset TEMPORAL_ADDRESS, TEMPORAL_PROFILE and TEMPORAL_NAMESPACE to use an embedded server.',
    );
    this.address = address;
    this.namespace = namespace;
  }
}

/** The embedded server was started and did not come up, or may not be started in this folder. */
export class EngineStartError extends EngineError {
  override readonly name = 'EngineStartError';
  readonly logFile: string;

  constructor(because: string, logFile: string) {
    super(`The embedded Temporal server did not start: ${because}\nIts log: ${logFile}`);
    this.logFile = logFile;
  }
}

function whatItSaid(report: LinkReport): string {
  return report.finding.state === 'found' ? report.finding.detail : report.finding.why;
}
