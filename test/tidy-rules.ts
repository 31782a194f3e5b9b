// The rules of the house as functions over a file's path and text, so that tidy.test.ts can run them
// over the tree and also show, on planted snippets, that each of them can fail. Lint (.oxlintrc.json)
// holds part of this again with nearer messages; what lint is told to ignore is caught here.
import { isBuiltin } from 'node:module';
import { posix } from 'node:path';
import ts from 'typescript';

/** One source file: its path from the repository's root with forward slashes, and its text. */
export interface SourceFile {
  path: string;
  text: string;
}

/** Where one file breaks one rule, in words for the person who broke it. */
export type Finding = string;

interface ImportSite {
  specifier: string;
  typeOnly: boolean;
  line: number;
}

/** Limit on the lines of a product file; the aim is 300, this is where the build stops. */
export const FILE_LINES_MAX = 400;

const LEAF_BANS = ['scripts', 'workflows', 'workers', 'console', 'bench', 'test', 'examples'];

/** What each folder may not import, by top-level folder. `*` stands for every other folder. */
const FORBIDDEN_FOLDERS: Record<string, string[]> = {
  fabric: ['*'],
  workflows: ['*'],
  activities: ['scripts', 'console', 'workers', 'workflows', 'bench', 'test', 'examples'],
  workers: ['scripts', 'console', 'bench', 'test', 'examples'],
  agents: LEAF_BANS,
  engine: LEAF_BANS,
  reporting: [...LEAF_BANS, 'audit'],
  audit: LEAF_BANS,
  scripts: ['bench', 'test', 'examples'],
  console: ['bench', 'test', 'examples'],
};

/** Exceptions to the above. Types vanish when compiled, so they carry no behaviour across. */
const ALLOWED_FOLDERS: Record<string, { always: string[]; typesOnly: string[] }> = {
  workflows: { always: ['fabric'], typesOnly: ['activities'] },
  activities: { always: [], typesOnly: ['workflows'] },
};

const ALLOWED_PACKAGES: Record<string, string[]> = {
  fabric: ['zod'],
  workflows: ['@temporalio/workflow', '@temporalio/common', 'zod'],
};

const CLOCKS_AND_CHANCE = new Set(['Date', 'performance', 'process', 'crypto', 'globalThis']);
const AMBIENT_IN_WORKFLOWS = new Set(['process', 'performance', 'globalThis']);
const LOCALE_DEPENDENT = /^(localeCompare|toLocale\w+)$/;
const GRAB_BAGS = /^(utils?|helpers?|managers?|misc|common)$/;
const KEBAB_CASE = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)*$/;

const isTest = (path: string): boolean => path.startsWith('test/');
const folderOf = (path: string): string =>
  path.includes('/') ? path.slice(0, path.indexOf('/')) : '';

function parse(file: SourceFile): ts.SourceFile {
  return ts.createSourceFile(file.path, file.text, ts.ScriptTarget.Latest, true);
}

function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  ts.forEachChild(node, (child) => walk(child, visit));
}

function lineOf(node: ts.Node): number {
  const source = node.getSourceFile();
  return source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
}

function importsOf(file: SourceFile): ImportSite[] {
  const sites: ImportSite[] = [];
  const add = (literal: ts.Node | undefined, typeOnly: boolean): void => {
    if (literal === undefined || !ts.isStringLiteralLike(literal)) return;
    sites.push({ specifier: literal.text, typeOnly, line: lineOf(literal) });
  };
  walk(parse(file), (node) => {
    if (ts.isImportDeclaration(node)) {
      add(node.moduleSpecifier, node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword);
    } else if (ts.isExportDeclaration(node)) {
      add(node.moduleSpecifier, node.isTypeOnly);
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      add(node.argument.literal, true);
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      add(node.arguments[0], false);
    }
  });
  return sites;
}

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

function folderImportAllowed(from: string, to: string, typeOnly: boolean): boolean {
  const allowed = ALLOWED_FOLDERS[from];
  if (from === to || allowed?.always.includes(to)) return true;
  if (typeOnly && allowed?.typesOnly.includes(to)) return true;
  const forbidden = FORBIDDEN_FOLDERS[from] ?? [];
  return !forbidden.includes('*') && !forbidden.includes(to);
}

/** Data flows one way: scripts and console → workflows → fabric; the leaves import none of them. */
export function importDirection(file: SourceFile): Finding[] {
  const from = folderOf(file.path);
  const findings: Finding[] = [];
  for (const { specifier, typeOnly, line } of importsOf(file)) {
    const where = `${file.path}:${line}`;
    if (specifier.startsWith('.')) {
      const to = folderOf(posix.join(posix.dirname(file.path), specifier));
      if (!folderImportAllowed(from, to, typeOnly)) {
        const how = ALLOWED_FOLDERS[from]?.typesOnly.includes(to) ? ' except by `import type`' : '';
        findings.push(`${where} ${from}/ may not import ${to || 'the root'}/${how}`);
      }
    } else if (isBuiltin(specifier)) {
      if (from in ALLOWED_PACKAGES)
        findings.push(`${where} ${from}/ may not import Node's ${specifier}`);
    } else if (ALLOWED_PACKAGES[from]?.includes(packageOf(specifier)) === false) {
      findings.push(`${where} ${from}/ may not import ${specifier}`);
    }
  }
  return findings;
}

/** What is shipped imports only packages that are installed with it. */
export function installedPackages(file: SourceFile, dependencies: string[]): Finding[] {
  if (!(folderOf(file.path) in FORBIDDEN_FOLDERS)) return [];
  return importsOf(file)
    .filter(({ specifier }) => !specifier.startsWith('.') && !isBuiltin(specifier))
    .filter(({ specifier }) => !dependencies.includes(packageOf(specifier)))
    .map(
      ({ specifier, line }) =>
        `${file.path}:${line} ${specifier} is not in package.json's dependencies`,
    );
}

/** The core decides from its arguments alone; workflow code must come out the same on replay. */
export function determinism(file: SourceFile): Finding[] {
  const folder = folderOf(file.path);
  if (folder !== 'fabric' && folder !== 'workflows') return [];
  const banned = folder === 'fabric' ? CLOCKS_AND_CHANCE : AMBIENT_IN_WORKFLOWS;
  const findings: Finding[] = [];
  walk(parse(file), (node) => {
    if (!ts.isIdentifier(node)) return;
    const isProperty = ts.isPropertyAccessExpression(node.parent) && node.parent.name === node;
    const isKey = ts.isPropertyAssignment(node.parent) && node.parent.name === node;
    const isMember = ts.isPropertySignature(node.parent) && node.parent.name === node;
    const isChance =
      folder === 'fabric' &&
      node.text === 'Math' &&
      /^Math\s*(\.|\?\.|\[\s*['"])random/.test(textFrom(node));
    const isLocale = isProperty && LOCALE_DEPENDENT.test(node.text);
    const isAmbient = !isProperty && !isKey && !isMember && banned.has(node.text);
    if (isChance || isLocale || isAmbient) {
      const name = isChance ? 'Math.random' : node.text;
      findings.push(`${file.path}:${lineOf(node)} ${name} has no place in ${folder}/`);
    }
  });
  return findings;
}

function textFrom(node: ts.Node): string {
  const source = node.getSourceFile();
  return source.text.slice(node.getStart(source), node.getStart(source) + 40);
}

/** A file or folder is named for its one concept, in kebab-case. */
export function names(path: string): Finding[] {
  const findings: Finding[] = [];
  const parts = path.split('/');
  if (parts.some((part) => part.split(/[-.]/).some((word) => GRAB_BAGS.test(word)))) {
    findings.push(`${path} is named like a grab-bag: name it for its concept`);
  }
  if (
    /\.(ts|tsx|mjs|js)$/.test(path) &&
    !parts.every((part) => KEBAB_CASE.test(part.replace(/^\./, '')))
  ) {
    findings.push(`${path} is not in kebab-case`);
  }
  return findings;
}

/** A product file is short enough to be read at one sitting. */
export function length(file: SourceFile): Finding[] {
  const lines = file.text.split('\n').length - (file.text.endsWith('\n') ? 1 : 0);
  if (isTest(file.path) || lines <= FILE_LINES_MAX) return [];
  return [`${file.path} has ${lines} lines; the limit is ${FILE_LINES_MAX}`];
}

/** A product file opens with a paragraph that says why it exists. */
export function header(file: SourceFile): Finding[] {
  if (isTest(file.path) || folderOf(file.path) === '') return [];
  const opening = file.text.replace(/^#!.*\n/, '').trimStart();
  return /^(\/\/|\/\*)/.test(opening) ? [] : [`${file.path} does not open with a header comment`];
}

// Spelt in two parts, so that this file does not break its own rule.
const LEFTOVERS: [RegExp, string][] = [
  [new RegExp(`\\b(TO${'DO'}|FIX${'ME'}|XX${'X'})\\b`), 'is left for later'],
  [/\b(?:it|test|describe|suite|bench)(?:\.\w+)*\.(?:skip|only|todo|fails)\b/, 'leaves tests out'],
  [/^\s*(?:xit|xtest|xdescribe|fit|fdescribe)\(/, 'leaves tests out'],
  [new RegExp(`@ts-(${'ignore'}|${'nocheck'})`), 'switches the compiler off'],
];

/** Nothing is left for later, left out of the tests, or hidden from the compiler. */
export function leftovers(file: SourceFile): Finding[] {
  const findings: Finding[] = [];
  for (const [index, line] of file.text.split('\n').entries()) {
    for (const [pattern, what] of LEFTOVERS) {
      const found = pattern.exec(line);
      if (found) findings.push(`${file.path}:${index + 1} \`${found[0].trim()}\` ${what}`);
    }
    if (!isTest(file.path) && line.includes(`@ts-${'expect-error'}`)) {
      findings.push(`${file.path}:${index + 1} an expected compiler error belongs in a test`);
    }
  }
  walk(parse(file), (node) => {
    if (node.kind === ts.SyntaxKind.AnyKeyword) {
      findings.push(`${file.path}:${lineOf(node)} \`any\` switches the compiler off`);
    }
  });
  return findings;
}

const HOSTS = [
  ['registry', 'npmjs', 'org'],
  ['registry', 'yarnpkg', 'com'],
  ['pypi', 'org'],
  ['files', 'pythonhosted', 'org'],
  ['proxy', 'golang', 'org'],
  ['sum', 'golang', 'org'],
  ['crates', 'io'],
  ['deb', 'debian', 'org'],
  ['repo', 'maven', 'apache', 'org'],
].map((labels) => labels.join('.'));

const MACHINE_PATH = /(?<![\w.$})*-])\/(?:work|root|home|Users|tmp)\/[\w.-]+/;

/** Nothing tracked ties the project to one machine or to one package registry. */
export function machineTraces(file: SourceFile): Finding[] {
  const findings: Finding[] = [];
  for (const [index, line] of file.text.split('\n').entries()) {
    const path = MACHINE_PATH.exec(line);
    if (path) findings.push(`${file.path}:${index + 1} ${path[0]} is a path of one machine`);
    for (const host of HOSTS) {
      if (line.includes(host))
        findings.push(`${file.path}:${index + 1} names the registry host ${host}`);
    }
  }
  return findings;
}
