/**
 * What a disk would hold after a loss of power, told from a trace of system calls: a file's bytes only as far
 * as they had been written when a sync of it began, and a name only if its folder was synced after it was
 * given. Nothing else is taken for kept, though a real disk would keep more. Files are written once here, so
 * their bytes are read from where they stand at the end.
 */

/** One traced call on the files of interest, with its times in ms since the epoch. */
export interface Call {
  readonly beganMs: number;
  readonly endedMs: number;
  readonly name: string;
  /** Absolute, as the call named them or as the descriptor stands for. */
  readonly paths: readonly string[];
  readonly creates: boolean;
  readonly result: number;
}

const LINE = /^(\d+)\s+(\d+\.\d+) (?:<\.\.\. (\w+) resumed>)?(.*)$/;
const DONE = /\)\s+= (-?\d+)(?:<([^>]*)>)?.*<(\d+\.\d+)>$/;
const WATCHED =
  /^(?:open(?:at)?|creat|p?writev?|pwrite64|fsync|fdatasync|link(?:at)?|unlink(?:at)?|mkdir(?:at)?|rename\w*)$/;

/** Reads the output of `strace -f -y -ttt -T`; calls that a signal cut off or that failed are left out. */
export function* parseTrace(text: string): Generator<Call> {
  const begun = new Map<string, { readonly at: string; readonly head: string }>();
  for (const line of text.split('\n')) {
    const [, pid, at, resumed, rest] = LINE.exec(line) ?? [];
    if (pid === undefined || at === undefined || rest === undefined) continue;
    if (rest.endsWith('<unfinished ...>')) {
      begun.set(pid, { at, head: rest.slice(0, -'<unfinished ...>'.length) });
      continue;
    }
    const before = resumed === undefined ? undefined : begun.get(pid);
    if (resumed !== undefined && before === undefined) continue;
    const call = callOf(before?.at ?? at, `${before?.head ?? ''}${rest}`);
    if (call !== null) yield call;
  }
}

function callOf(at: string, text: string): Call | null {
  const name = /^(\w+)\(/.exec(text)?.[1] ?? '';
  const [, result, opened, took] = DONE.exec(text) ?? [];
  if (!WATCHED.test(name) || result === undefined || Number(result) < 0) return null;
  const quoted = [...text.matchAll(/"([^"]*)"/g)].map(([, path]) => path!);
  const fd = /^\w+\(\d+<([^>]*)>/.exec(text)?.[1];
  const byPath = /^(?:open|creat|link|unlink|mkdir|rename)/.test(name);
  const paths = byPath ? (opened === undefined ? quoted : [opened]) : fd === undefined ? [] : [fd];
  const beganMs = Number(at) * 1_000;
  const endedMs = beganMs + Number(took) * 1_000;
  return {
    beganMs,
    endedMs,
    name,
    paths,
    creates: text.includes('O_CREAT'),
    result: Number(result),
  };
}

interface FileNode {
  readonly kind: 'file';
  written: number;
  synced: number;
  /** Where its bytes stand at the end. */
  path: string;
}

interface FolderNode {
  readonly kind: 'folder';
  readonly names: Map<string, DiskNode>;
  /** The names that a sync has kept. */
  kept: ReadonlyMap<string, DiskNode>;
}

type DiskNode = FileNode | FolderNode;

/** Files of an image by path: how many of their bytes are kept, and where to read those. */
export type Image = ReadonlyMap<string, { readonly bytes: number; readonly from: string }>;

/** A disk below `root`, which was there and synced before; what happens elsewhere is passed over. */
export class TracedDisk {
  readonly #root: string;
  readonly #top: FolderNode = folder();
  readonly #steps: { readonly atMs: number; readonly run: () => void }[];
  #next = 0;

  constructor(root: string, calls: Iterable<Call>) {
    this.#root = root;
    this.#steps = [...calls]
      .filter(({ paths }) => paths.some((path) => path === root || path.startsWith(`${root}/`)))
      .flatMap((call) => this.#stepsOf(call))
      .sort((a, b) => a.atMs - b.atMs);
  }

  /** How many calls it was told of. */
  get calls(): number {
    return this.#steps.length;
  }

  /** The image at an instant. Instants are asked for in their order. */
  at(atMs: number): Image {
    for (; (this.#steps[this.#next]?.atMs ?? Infinity) <= atMs; this.#next++) {
      this.#steps[this.#next]!.run();
    }
    const image = new Map<string, { bytes: number; from: string }>();
    collect(this.#top, this.#root, image);
    return image;
  }

  #stepsOf(call: Call) {
    const { name, paths, beganMs, endedMs } = call;
    const [first = '', second = ''] = paths;
    if (name !== 'fsync' && name !== 'fdatasync') {
      return [{ atMs: endedMs, run: () => this.#apply(call, first, second) }];
    }
    let keep = (): void => undefined;
    // What is done while the sync is under way may miss it.
    const look = (): void => {
      keep = kept(this.#find(first));
    };
    return [
      { atMs: beganMs, run: look },
      { atMs: endedMs, run: () => keep() },
    ];
  }

  #apply({ name, creates, result }: Call, first: string, second: string): void {
    if (name.startsWith('mkdir')) this.#put(first, folder());
    else if (name.startsWith('open') || name === 'creat') {
      if (creates && this.#find(first) === undefined) {
        this.#put(first, { kind: 'file', written: 0, synced: 0, path: first });
      }
    } else if (name.startsWith('link')) {
      const node = this.#find(first);
      if (node?.kind === 'file') node.path = second;
      if (node) this.#put(second, node);
    } else if (name.startsWith('rename')) {
      const node = this.#find(first);
      if (node?.kind === 'file') node.path = second;
      this.#remove(first);
      if (node) this.#put(second, node);
    } else if (name.startsWith('unlink')) this.#remove(first);
    else {
      const node = this.#find(first);
      if (node?.kind === 'file') node.written += result;
    }
  }

  #find(path: string): DiskNode | undefined {
    let node: DiskNode | undefined = this.#top;
    for (const part of path.slice(this.#root.length).split('/').filter(Boolean)) {
      node = node?.kind === 'folder' ? node.names.get(part) : undefined;
    }
    return node;
  }

  #put(path: string, node: DiskNode): void {
    const cut = path.lastIndexOf('/');
    const parent = this.#find(path.slice(0, cut));
    if (parent?.kind === 'folder') parent.names.set(path.slice(cut + 1), node);
  }

  #remove(path: string): void {
    const cut = path.lastIndexOf('/');
    const parent = this.#find(path.slice(0, cut));
    if (parent?.kind === 'folder') parent.names.delete(path.slice(cut + 1));
  }
}

function folder(): FolderNode {
  return { kind: 'folder', names: new Map(), kept: new Map() };
}

/** What a sync that begins now keeps once it has ended. */
function kept(node: DiskNode | undefined): () => void {
  if (node === undefined) return () => undefined;
  if (node.kind === 'folder') {
    const names = new Map(node.names);
    return () => (node.kept = names);
  }
  const { written } = node;
  return () => (node.synced = Math.max(node.synced, written));
}

function collect(
  { kept: names }: FolderNode,
  path: string,
  image: Map<string, { bytes: number; from: string }>,
): void {
  for (const [name, node] of names) {
    const at = `${path}/${name}`;
    if (node.kind === 'folder') collect(node, at, image);
    else image.set(at, { bytes: node.synced, from: node.path });
  }
}
