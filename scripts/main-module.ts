/** Tells a module that was started as a program from one that is imported. */
import { realpathSync } from 'node:fs';

/** True when Node was started with this file, given as `import.meta.filename`; by a linked path too. */
export function isMainModule(filename: string, started = process.argv[1]): boolean {
  return started !== undefined && realpathSync(started) === filename;
}
