/**
 * Reads the system calls of a run as `strace -f -y -ttt -T` wrote them, with all that was written to files. A call
 * cut in two by another thread's is put together again; one that failed, or that a signal cut off, is left out.
 */

/** One traced call on files below a folder, with its times in ms since the epoch. */
export interface Call {
  readonly beganMs: number;
  readonly endedMs: number;
  readonly name: string;
  /** Absolute, as the call named them or as the descriptor stands for. */
  readonly paths: readonly string[];
  readonly creates: boolean;
  readonly empties: boolean;
  /** What a write wrote. */
  readonly bytes: Buffer;
  /** Where it wrote, or the size that a file was cut or drawn to; null: after what the file held. */
  readonly at: number | null;
}

const NAMES = 'rename,renameat,renameat2,link,linkat,unlink,unlinkat,mkdir,mkdirat';
const CALLS = 'openat,open,creat,write,pwrite64,writev,pwritev,ftruncate,fsync,fdatasync';
/** More than anything that a file is given at once; a longer write would be noticed. */
const BYTES_MAX = 1 << 20;

/** The command line before the program that is to be traced. */
export function tracing(file: string): string[] {
  const calls = [...CALLS.split(','), ...NAMES.split(',')].map((name) => `?${name}`);
  const form = ['-f', '-q', '-y', '-ttt', '-T', '-s', String(BYTES_MAX)];
  return ['strace', ...form, '-e', `trace=${calls.join(',')}`, '-o', file];
}

const LINE = /^(\d+)\s+(\d+\.\d+) (?:<\.\.\. (\w+) resumed>)?/;
const UNFINISHED = '<unfinished ...>';
const DONE = /\)\s+= (-?\d+)(?:<([^>]*)>)?.*<(\d+\.\d+)>$/;

/** The calls on what is below the folder `root`, in order of their end. The text is read as latin1. */
export function* parseTrace(text: string, root: string): Generator<Call> {
  const begun = new Map<string, { readonly at: string; readonly head: string }>();
  for (const line of text.split('\n')) {
    const [all = '', pid = '', at = '', resumed] = LINE.exec(line) ?? [];
    const before = begun.get(pid);
    if (resumed === undefined ? !line.includes(root) : before === undefined) continue;
    begun.delete(pid);
    const rest = line.slice(all.length);
    if (rest.endsWith(UNFINISHED)) {
      begun.set(pid, { at, head: rest.slice(0, -UNFINISHED.length) });
      continue;
    }
    const call = resumed === undefined ? callOf(at, rest) : callOf(before!.at, before!.head + rest);
    if (call !== null) yield call;
  }
}

function callOf(at: string, text: string): Call | null {
  const [, name = ''] = /^(\w+)\(/.exec(text) ?? [];
  // What was written may look like anything, so the end is read after it.
  const end = text.slice(text.lastIndexOf('"') + 1);
  const [, result, opened, took] = DONE.exec(end) ?? [];
  if (name === '' || result === undefined || Number(result) < 0) return null;
  const [, fd] = /^\w+\(\d+<([^>]*)>/.exec(text) ?? [];
  const writes = name.includes('write');
  const strings = [...quotedIn(text)];
  const named = opened === undefined ? strings.map(String) : [opened];
  // Whole microseconds: of two calls the one must not end after the other began by rounding alone.
  const beganUs = Math.round(Number(at) * 1e6);
  return {
    beganMs: beganUs / 1e3,
    endedMs: (beganUs + Math.round(Number(took) * 1e6)) / 1e3,
    name,
    paths: fd === undefined ? named : [fd],
    creates: name === 'creat' || end.includes('O_CREAT'),
    empties: name === 'creat' || end.includes('O_TRUNC'),
    bytes: writes ? Buffer.concat(strings).subarray(0, Number(result)) : Buffer.alloc(0),
    at: placeOf(name, end),
  };
}

function placeOf(name: string, end: string): number | null {
  if (!/^pwrite|^ftruncate/.test(name)) return null;
  const [, last] = /, (\d+)\s*\)\s+= /.exec(end) ?? [];
  if (last === undefined) throw new Error(`where does ${name} write? ${end}`);
  return Number(last);
}

const ESCAPED = new Map(
  Object.entries({ t: 9, n: 10, v: 11, f: 12, r: 13, '"': 34, '\\': 92 }).map(([char, code]) => [
    char.charCodeAt(0),
    code,
  ]),
);
const [QUOTE, BACKSLASH, ZERO] = [34, 92, 48];
const isOctal = (code: number): boolean => code >= ZERO && code < ZERO + 8;

/** The strings of a call. Throws where one was cut off. */
function* quotedIn(text: string): Generator<Buffer> {
  for (let i = text.indexOf('"'); i >= 0; i = text.indexOf('"', i + 1)) {
    const bytes = Buffer.allocUnsafe(text.length - i);
    let length = 0;
    for (i += 1; text.charCodeAt(i) !== QUOTE; i++) {
      let code = text.charCodeAt(i);
      if (Number.isNaN(code)) throw new Error(`a string without an end: ${text.slice(0, 200)}`);
      if (code === BACKSLASH) {
        code = text.charCodeAt(++i);
        if (isOctal(code)) {
          code -= ZERO;
          for (let digits = 1; digits < 3 && isOctal(text.charCodeAt(i + 1)); digits++) {
            code = code * 8 + text.charCodeAt(++i) - ZERO;
          }
        } else code = ESCAPED.get(code)!;
      }
      bytes[length++] = code;
    }
    if (text.startsWith('...', i + 1)) {
      throw new Error(`the trace holds less than was written: ${text.slice(0, 200)}`);
    }
    yield bytes.subarray(0, length);
  }
}
