// Loaded into the processes of a fabric where no small disk can be mounted: while the mark is there, every
// attempt to write a file below the folder is told that no space is left.
import { existsSync } from 'node:fs';
import fsPromises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

const { FULL_DISK_FOLDER: folder, FULL_DISK_MARK: mark } = process.env;
const { open } = fsPromises;

fsPromises.open = async (path, flags, ...rest) => {
  if (flags !== 'r' && String(path).startsWith(folder) && existsSync(mark)) {
    const code = 'ENOSPC';
    const message = `${code}: no space left on device, open ${String(path)}`;
    throw Object.assign(new Error(message), { errno: -28, code, syscall: 'open', path });
  }
  return open(path, flags, ...rest);
};
syncBuiltinESMExports();
