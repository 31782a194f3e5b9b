/**
 * How the fabric's processes speak: the engine's client logs warnings and worse as plain lines on
 * standard error, which the supervisor keeps. Standard output is for the word `ready`.
 */
import type { LogEntry } from '@temporalio/worker';
import { DefaultLogger, Runtime } from '@temporalio/worker';

/** Call once, before any worker is made. Signals are left to the process itself. */
export function installLog(): void {
  Runtime.install({
    logger: new DefaultLogger('WARN', (entry) => {
      if (!EXPECTED.has(entry.message)) process.stderr.write(`${logLine(entry)}\n`);
    }),
    shutdownSignals: [],
  });
}

/** One line: time, level, message, what it is about. */
export function logLine({ level, timestampNanos, message, meta }: LogEntry): string {
  const at = new Date(Number(timestampNanos / 1_000_000n)).toISOString();
  const about = Object.entries(meta ?? {})
    .filter(([key]) => !NOISE.has(key))
    .map(([key, value]) => ` ${key}=${value instanceof Error ? value.message : plain(value)}`);
  return `${at} ${level} ${message}${about.join('')}`.replace(/\s*\n\s*/g, ' | ');
}

/** A node runs activities only, and every one of them would warn of that. */
const EXPECTED = new Set(['No workflows registered, not polling for workflow tasks']);

/** What every line would repeat. */
const NOISE = new Set(['sdkComponent', 'namespace', 'isLocal', 'attempt', 'target', 'taskToken']);

function plain(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? 'undefined');
}

/** A line of the process's own. */
export function say(message: string): void {
  process.stderr.write(`${new Date().toISOString()} INFO ${message}\n`);
}
