/**
 * Copies of the core with an edit in them: the sources of fabric/ and workflows/ are compiled file by file into a temporary
 * folder, the edited ones from their edited text. Nothing in the product knows of it. An edit whose text is
 * not found exactly once throws, so that a bug of yesterday's code can't pass for one of today's.
 */
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import ts from 'typescript';
import type * as simulation from '../../../fabric/simulate/simulate.ts';

export interface Edit {
  /** From the repository's root. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

export type Core = Pick<typeof simulation, 'simulate'>;

const root = fileURLToPath(new URL('../../..', import.meta.url));

export class CoreCopies {
  readonly #folder = mkdtempSync(join(tmpdir(), 'planted-'));
  readonly #compiled = join(this.#folder, 'as-it-is');
  #copies = 0;

  constructor() {
    symlinkSync(join(root, 'node_modules'), join(this.#folder, 'node_modules'), 'dir');
    writeFileSync(join(this.#folder, 'package.json'), '{"type":"module"}');
    for (const file of [...sourcesBelow('fabric'), ...sourcesBelow('workflows')]) {
      this.#compile(this.#compiled, file, textOf(file));
    }
  }

  /** A copy of the core with these edits, ready to run. */
  async load(edits: readonly Edit[]): Promise<Core> {
    return (await this.loadFile('fabric/simulate/simulate.ts', edits)) as Core;
  }

  /** One file of a copy, with all that it imports. */
  async loadFile(file: string, edits: readonly Edit[]): Promise<unknown> {
    const folder = join(this.#folder, `copy-${this.#copies++}`);
    cpSync(this.#compiled, folder, { recursive: true });
    const texts = new Map<string, string>();
    for (const edit of edits) {
      texts.set(edit.file, edited(texts.get(edit.file) ?? textOf(edit.file), edit));
    }
    for (const [changed, text] of texts) this.#compile(folder, changed, text);
    const entry = pathToFileURL(join(folder, file.replace(/\.ts$/, '.js'))).href;
    return (await import(/* @vite-ignore */ entry)) as unknown;
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #compile(folder: string, file: string, text: string): void {
    const target = join(folder, file.replace(/\.ts$/, '.js'));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, compiled(text));
  }
}

/** The text with the edit made. Throws unless it is found exactly once. */
export function edited(text: string, { file, find, replace }: Edit): string {
  const found = text.split(find).length - 1;
  if (found !== 1) throw new Error(`${file}: the text to edit is found ${found} times:\n${find}`);
  return text.replace(find, () => replace);
}

/** One source file as JavaScript, types stripped and not checked. */
export function compiled(text: string): string {
  const compilerOptions: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    verbatimModuleSyntax: true,
    rewriteRelativeImportExtensions: true,
  };
  return ts.transpileModule(text, { compilerOptions }).outputText;
}

export function textOf(file: string): string {
  return readFileSync(join(root, file), 'utf8');
}

function sourcesBelow(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name));
}
