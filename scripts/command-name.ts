/**
 * How this command line is called here, so that a command that is printed for the operator to type
 * works as it stands: `npm start --` in a checkout, `npx` where the package is installed, else by path.
 */
import { basename, delimiter, dirname, relative, resolve } from 'node:path';
import type { ResumePoint } from '../reporting/resume-token.ts';
import { resumeToken } from '../reporting/resume-token.ts';

const NAME = 'planetary-fabric';
const PACKAGE = 'planetary-orchestrator-fabric';

/** `npm start --`, `npx planetary-fabric`, `planetary-fabric` or a path to it from `folder`. */
export function commandName(
  env: NodeJS.ProcessEnv = process.env,
  script = process.argv[1] ?? '',
  folder = process.cwd(),
): string {
  if (env['npm_lifecycle_event'] === 'start' && env['npm_package_name'] === PACKAGE) {
    return 'npm start --';
  }
  if (env['npm_command'] !== undefined) return `npx ${NAME}`;
  if (basename(script) !== NAME) return NAME;
  const onPath = (env['PATH'] ?? '')
    .split(delimiter)
    .some((part) => resolve(part) === dirname(script));
  if (onPath) return NAME;
  const path = relative(folder, script);
  return path.startsWith('..') ? script : `./${path}`;
}

/** The command that goes on with a run. */
export function resumeCommand(point: ResumePoint): string {
  return `${commandName()} resume ${resumeToken(point)}`;
}
