/**
 * What the file system says when nothing can be written, in words for people. It is expected, and passes
 * when somebody mends it: whoever asked for the write is told and asks again later, so that it is seen by
 * all that work has stopped and why.
 */
const WORDS: Readonly<Record<string, string>> = {
  ENOSPC: 'no space left on the device',
  EDQUOT: 'the disk quota is used up',
  EIO: 'the device reports an error',
  EROFS: 'the file system is read-only',
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  EFBIG: 'the file would be larger than allowed',
  EMFILE: 'too many open files in the process',
  ENFILE: 'too many open files on the machine',
  ENOTDIR: 'a file stands where a folder should',
};

/** The words for an error of the file system, `EXYZ` where there are none; null for any other error. */
export function unwritableWords(error: unknown): string | null {
  const { code, syscall } = (error ?? {}) as NodeJS.ErrnoException;
  if (typeof code !== 'string' || typeof syscall !== 'string') return null;
  return WORDS[code] ?? code;
}
