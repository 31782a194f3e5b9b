/**
 * `npm run bench`: the fabric beside other job systems, on this machine, with the same jobs. Writes
 * `comparison.json` and `comparison.html`, and prints the tables. `bench/README.md` says what is measured.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { isMainModule } from '../scripts/main-module.ts';
import { compare } from './compare/comparison.ts';
import { CONTENDERS } from './compare/contenders.ts';
import { comparisonPage } from './compare/page.ts';
import type { CompareOptions } from './compare/plan.ts';
import { DEFAULT_OPTIONS } from './compare/plan.ts';
import { comparisonLines } from './compare/table.ts';

const USAGE = `npm run bench -- [options]
  --jobs 10000,100000   sizes of the bulk path (default ${DEFAULT_OPTIONS.jobs.join(',')})
  --single-jobs N       jobs of the default path, one call each, at the most (${DEFAULT_OPTIONS.singleJobs})
  --handler-ms 0,5      how long a job waits beside its computing (${DEFAULT_OPTIONS.handlerMs.join(',')})
  --runs N              measured runs of each kind (${DEFAULT_OPTIONS.runs})
  --only name,name      some contenders: ${CONTENDERS.map(({ name }) => name).join(', ')}
  --seed N              of the jobs and of the order of runs (${DEFAULT_OPTIONS.seed})
  --limit-s N           a run that takes longer has no figure (${DEFAULT_OPTIONS.limitSeconds})
  --latency-s N         seconds of arrivals when latencies are measured, 0 for none (${DEFAULT_OPTIONS.latencySeconds})
  --kills N             kills of each contender's workers, 0 for none (${DEFAULT_OPTIONS.kills})
  --no-warm-up          leaves the warm-up round out
  --out FOLDER          where the files go (reports/bench)`;

/** What was asked for, and where the files go. Throws an Error that says what was expected. */
export function readOptions(args: readonly string[]): {
  readonly options: CompareOptions;
  readonly out: string;
} {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      jobs: text,
      'single-jobs': text,
      'handler-ms': text,
      runs: text,
      only: text,
      seed: text,
      'limit-s': text,
      'latency-s': text,
      kills: text,
      'no-warm-up': { type: 'boolean' },
      out: { type: 'string', default: 'reports/bench' },
    },
  });
  const one = (name: Exclude<keyof typeof values, 'no-warm-up'>, least: number, usual: number) =>
    values[name] === undefined ? usual : wholeNumber(name, values[name], least);
  const list = (name: 'jobs' | 'handler-ms', least: number, usual: readonly number[]) =>
    values[name]?.split(',').map((each) => wholeNumber(name, each, least)) ?? usual;
  const only = values.only?.split(',') ?? [];
  const known = CONTENDERS.map(({ name }) => name);
  const unknown = only.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new Error(
      `--only: found ${JSON.stringify(unknown)}; expected some of ${known.join(', ')}`,
    );
  }
  const usual = DEFAULT_OPTIONS;
  return {
    options: {
      jobs: list('jobs', 1, usual.jobs),
      singleJobs: one('single-jobs', 1, usual.singleJobs),
      handlerMs: list('handler-ms', 0, usual.handlerMs),
      runs: one('runs', 1, usual.runs),
      seed: one('seed', 0, usual.seed),
      only,
      limitSeconds: one('limit-s', 1, usual.limitSeconds),
      warmUp: values['no-warm-up'] !== true,
      latencySeconds: one('latency-s', 0, usual.latencySeconds),
      kills: one('kills', 0, usual.kills),
    },
    out: resolve(values.out),
  };
}

function wholeNumber(name: string, text: string, least: number): number {
  const number = Number(text);
  if (text !== '' && Number.isInteger(number) && number >= least) return number;
  throw new Error(`--${name}: found ${JSON.stringify(text)}; expected whole numbers from ${least}`);
}

async function main(args: readonly string[]): Promise<void> {
  if (args.includes('--help')) return void process.stdout.write(`${USAGE}\n`);
  const { options, out } = readOptions(args);
  const chosen = CONTENDERS.filter(
    ({ name }) => options.only.length === 0 || options.only.includes(name),
  );
  const startedMs = Date.now();
  const tell = (line: string): void => {
    const seconds = Math.round((Date.now() - startedMs) / 1_000);
    process.stderr.write(`${String(seconds).padStart(5)} s  ${line}\n`);
  };
  const comparison = await compare(chosen, options, tell);
  await mkdir(out, { recursive: true });
  const json = join(out, 'comparison.json');
  const page = join(out, 'comparison.html');
  await writeFile(json, `${JSON.stringify(comparison, null, 2)}\n`);
  await writeFile(page, comparisonPage(comparison));
  for (const line of [...comparisonLines(comparison), '', json, page]) {
    process.stdout.write(`${line}\n`);
  }
}

if (isMainModule(import.meta.filename)) {
  await main(process.argv.slice(2)).catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 2;
  });
}
