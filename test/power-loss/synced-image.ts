/**
 * What a disk would hold after a loss of power, told from a trace of system calls: of a file's bytes only what
 * had been written when a sync of it began that has ended, and a name only if its folder was synced after it was
 * given. Nothing else is taken for kept. A real disk may keep more, and in any order: so any choice of
 * what was written since can be taken for kept as well.
 */
import type { Call } from './trace.ts';

/** What a disk writes whole or not at all; a longer write may arrive in part. */
const SECTOR_BYTES = 512;

interface Write {
  readonly number: number;
  readonly at: number;
  readonly bytes: Buffer;
}

interface Resize {
  readonly number: number;
  readonly size: number;
}

/** A change of a file that no sync has kept yet, numbered by its place in the trace. */
export type Change = Write | Resize;

/** Bytes that grow as they are written. */
class Contents {
  #room: Buffer;
  #size: number;

  constructor(bytes: Buffer = Buffer.alloc(0)) {
    this.#room = Buffer.from(bytes);
    this.#size = bytes.length;
  }

  get bytes(): Buffer {
    return this.#room.subarray(0, this.#size);
  }

  apply(change: Change): void {
    if ('size' in change) this.#resize(change.size);
    else {
      this.#resize(Math.max(this.#size, change.at + change.bytes.length));
      change.bytes.copy(this.#room, change.at);
    }
  }

  #resize(size: number): void {
    if (size > this.#room.length) this.#room = Buffer.concat([this.bytes], 2 * size);
    if (size > this.#size) this.#room.fill(0, this.#size, size);
    this.#size = size;
  }
}

interface FileNode {
  readonly kind: 'file';
  readonly synced: Contents;
  changes: Change[];
  /** Its size for those who read it while the power is on. */
  size: number;
}

interface FolderNode {
  readonly kind: 'folder';
  readonly names: Map<string, DiskNode>;
  /** The names that a sync has kept. */
  kept: ReadonlyMap<string, DiskNode>;
}

type DiskNode = FileNode | FolderNode;

/** What the files of an image hold, by path. */
export type Image = ReadonlyMap<string, Buffer>;

/** A disk below `root`, which was there and synced before; what happens elsewhere is passed over. */
export class TracedDisk {
  readonly #root: string;
  readonly #top: FolderNode = folder();
  readonly #steps: { readonly atMs: number; readonly run: () => void }[];
  #next = 0;
  #changes = 0;

  constructor(root: string, calls: Iterable<Call>) {
    this.#root = root;
    this.#steps = [...calls]
      .filter(({ paths }) => paths.some((path) => path === root || path.startsWith(`${root}/`)))
      .flatMap((call) => this.#stepsOf(call))
      .sort((a, b) => a.atMs - b.atMs);
  }

  /**
   * The image at an instant, with those changes that had not been synced and arrive all the same. Instants are asked
   * for in their order, and what the one before gave is then no longer good.
   */
  at(atMs: number, arrives: (change: Change) => boolean = () => false): Image {
    for (; (this.#steps[this.#next]?.atMs ?? Infinity) <= atMs; this.#next++) {
      this.#steps[this.#next]!.run();
    }
    const image = new Map<string, Buffer>();
    collect(this.#top, this.#root, arrives, image);
    return image;
  }

  #stepsOf(call: Call) {
    const { name, beganMs, endedMs } = call;
    const [path = ''] = call.paths;
    if (name !== 'fsync' && name !== 'fdatasync') {
      return [{ atMs: endedMs, run: () => this.#apply(call) }];
    }
    let keep = (): void => undefined;
    // What is done while the sync is under way may miss it.
    const look = (): void => {
      keep = kept(this.#find(path));
    };
    return [
      { atMs: beganMs, run: look },
      { atMs: endedMs, run: () => keep() },
    ];
  }

  #apply({ name, creates, empties, bytes, at, paths: [first = '', second = ''] }: Call): void {
    if (name.startsWith('mkdir')) this.#put(first, folder());
    else if (name.startsWith('open') || name === 'creat') {
      if (creates && this.#find(first) === undefined) this.#put(first, file());
      if (empties) this.#resize(first, 0);
    } else if (name.startsWith('link') || name.startsWith('rename')) {
      const node = this.#find(first);
      if (name.startsWith('rename')) this.#remove(first);
      if (node) this.#put(second, node);
    } else if (name.startsWith('unlink')) this.#remove(first);
    else if (name === 'ftruncate') this.#resize(first, at!);
    else this.#write(first, at, bytes);
  }

  #write(path: string, place: number | null, bytes: Buffer): void {
    const node = this.#find(path);
    if (node?.kind !== 'file') return;
    const start = place ?? node.size;
    for (let from = 0, to = 0; from < bytes.length; from = to) {
      const at = start + from;
      to = Math.min(bytes.length, from + SECTOR_BYTES - (at % SECTOR_BYTES));
      node.changes.push({ number: this.#changes++, at, bytes: bytes.subarray(from, to) });
    }
    node.size = Math.max(node.size, start + bytes.length);
  }

  #resize(path: string, size: number): void {
    const node = this.#find(path);
    if (node?.kind !== 'file' || node.size === size) return;
    node.changes.push({ number: this.#changes++, size });
    node.size = size;
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

function file(): FileNode {
  return { kind: 'file', synced: new Contents(), changes: [], size: 0 };
}

/** What a sync that begins now keeps once it has ended. */
function kept(node: DiskNode | undefined): () => void {
  if (node === undefined) return () => undefined;
  if (node.kind === 'folder') {
    const names = new Map(node.names);
    return () => (node.kept = names);
  }
  const last = node.changes.at(-1)?.number ?? -1;
  return () => {
    const under = node.changes.filter(({ number }) => number <= last);
    for (const change of under) node.synced.apply(change);
    node.changes = node.changes.slice(under.length);
  };
}

function collect(
  { kept: names }: FolderNode,
  path: string,
  arrives: (change: Change) => boolean,
  image: Map<string, Buffer>,
): void {
  for (const [name, node] of names) {
    const at = `${path}/${name}`;
    if (node.kind === 'folder') collect(node, at, arrives, image);
    else {
      const more = node.changes.filter(arrives);
      const contents = more.length === 0 ? node.synced : new Contents(node.synced.bytes);
      for (const change of more) contents.apply(change);
      image.set(at, contents.bytes);
    }
  }
}
