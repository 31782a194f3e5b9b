/** The peers as data. What each of them does in its process stands in `bench/peers/`. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageFolder } from '../../scripts/mission/mission-file.ts';
import type { Contender, Presence } from './contender.ts';
import { postgresVersion, startPostgres } from './stores/postgres.ts';
import { redisVersion, startRedis } from './stores/redis.ts';
import { startTemporal, temporalExecutable } from './stores/temporal.ts';

const INSTALL_PEERS = 'npm ci --prefix bench/peers --ignore-scripts';
/** Calls of one submitter at a time, for all that are not limited by their server. */
const SUBMITTERS = 32;
const BULK_JOBS = 1_000;

/** The version of a package of `bench/peers/`, or null where it isn't installed. */
async function packageVersion(name: string): Promise<string | null> {
  const file = join(packageFolder(), 'bench', 'peers', 'node_modules', name, 'package.json');
  if (!existsSync(file)) return null;
  return (JSON.parse(await readFile(file, 'utf8')) as { version: string }).version;
}

async function presenceOf(
  name: string,
  store: {
    readonly name: string;
    readonly version: Promise<string | null>;
    readonly install: string;
  },
): Promise<Presence> {
  const version = await packageVersion(name);
  if (version === null) {
    return { state: 'missing', why: `the package ${name} is not there`, install: INSTALL_PEERS };
  }
  const storeVersion = await store.version;
  if (storeVersion === null) {
    return { state: 'missing', why: `${store.name} is not there`, install: store.install };
  }
  return { state: 'installed', version: `${version} on ${store.name} ${storeVersion}` };
}

const onRedis = (name: string): Promise<Presence> =>
  presenceOf(name, {
    name: 'Redis',
    version: redisVersion(),
    install: 'apt-get install --no-install-recommends redis-server',
  });

const onPostgres = (name: string): Promise<Presence> =>
  presenceOf(name, {
    name: 'PostgreSQL',
    version: postgresVersion(),
    install: 'apt-get install --no-install-recommends postgresql',
  });

function bullmq(appendfsync: 'always' | 'everysec'): Contender {
  return {
    name: `bullmq-${appendfsync}`,
    title: `BullMQ, appendfsync ${appendfsync}`,
    durability: appendfsync === 'always' ? 'fsync' : 'process-kill',
    lacks:
      'no spillover between regions by load, no audit chain, no check of what a run left behind; pause is one switch a queue',
    keeps: "the job's return value in Redis",
    paths: { default: 'queue.add, one call a job', bulk: 'queue.addBulk of 1,000 jobs a call' },
    settings: {
      appendonly: true,
      appendfsync,
      concurrency: 100,
      submitters: SUBMITTERS,
      bulkJobs: BULK_JOBS,
    },
    module: 'bullmq.mjs',
    presence: () => onRedis('bullmq'),
    openStore: (folder) => startRedis(folder, appendfsync),
  };
}

const PG_BOSS: Contender = {
  name: 'pg-boss',
  title: 'pg-boss',
  durability: 'fsync',
  lacks: 'no pause of a queue, no spillover, no audit chain, no result of each job of a batch',
  keeps: "default: the job's output; bulk: a table that the handler writes, one statement a batch",
  paths: {
    default: 'send, one call a job, and work() with a job at a time; senders notify the workers',
    bulk: 'insert of 1,000 jobs a call, and fetch and complete of up to 1,000 a call',
  },
  settings: {
    synchronous_commit: 'on',
    connections: 20,
    workers: 16,
    /** The shortest that it takes; a worker that was just busy, or is notified, does not wait for it. */
    pollingIntervalSeconds: 0.5,
    fetchers: 3,
    submitters: SUBMITTERS,
    bulkJobs: BULK_JOBS,
  },
  module: 'pg-boss.mjs',
  presence: () => onPostgres('pg-boss'),
  openStore: startPostgres,
};

const GRAPHILE_WORKER: Contender = {
  name: 'graphile-worker',
  title: 'Graphile Worker',
  durability: 'fsync',
  lacks: 'no results, no record of what succeeded, no pause, no spillover, no audit chain',
  keeps: 'nothing; the task writes a table of its own, in bulk one statement for what has gathered',
  paths: {
    default: 'addJob, one call a job, without batching',
    bulk: 'addJobs of 1,000 jobs a call, a local queue, and batched completions',
  },
  settings: {
    synchronous_commit: 'on',
    concurrentJobs: 24,
    maxPoolSize: 25,
    localQueueSize: 500,
    completeJobBatchDelay: 0,
    failJobBatchDelay: 0,
    submitters: SUBMITTERS,
    bulkJobs: BULK_JOBS,
  },
  module: 'graphile-worker.mjs',
  presence: () => onPostgres('graphile-worker'),
  openStore: startPostgres,
};

const DBOS: Contender = {
  name: 'dbos',
  title: 'DBOS Transact',
  durability: 'fsync',
  lacks: 'no call that submits many, no spillover between regions by load, no audit chain',
  keeps: "the workflow's output in its row",
  paths: {
    default: 'startWorkflow on a queue, one call a job',
    bulk: 'the same calls, 200 under way: there is none for many',
  },
  settings: {
    synchronous_commit: 'on',
    connections: 20,
    workerConcurrency: 100,
    /** A second unless told: each poll would be waited for. */
    minPollingIntervalMs: 20,
    submitters: SUBMITTERS,
    bulkSubmitters: 200,
  },
  module: 'dbos.mjs',
  presence: () => onPostgres('@dbos-inc/dbos-sdk'),
  openStore: startPostgres,
};

const TEMPORAL: Contender = {
  name: 'temporal',
  title: 'Temporal, used naively',
  durability: 'fsync',
  lacks:
    'spillover, budgets, owner controls and audit are for the user to build; a lost worker shows only by time-outs',
  keeps: 'results in the histories of workflows',
  paths: {
    default: 'one workflow a job, 100 in flight',
    bulk: 'one workflow with one activity a job, 100 in flight, continued as new every 1,000 jobs',
  },
  settings: {
    server: "the fabric's own arguments: WAL, synchronous=FULL, its dynamic configuration",
    inFlight: 100,
    pageJobs: 1_000,
    startToCloseTimeout: '1 minute',
  },
  module: 'temporal.mjs',
  presence: async () => {
    try {
      await temporalExecutable();
      return { state: 'installed', version: `SDK ${await sdkVersion()}` };
    } catch (error) {
      const why = error instanceof Error ? error.message.split('\n')[0]! : String(error);
      return { state: 'missing', why, install: 'npm start -- doctor' };
    }
  },
  openStore: startTemporal,
};

async function sdkVersion(): Promise<string> {
  const file = join(packageFolder(), 'package.json');
  const { dependencies } = JSON.parse(await readFile(file, 'utf8')) as {
    dependencies: Record<string, string>;
  };
  return dependencies['@temporalio/worker'] ?? 'unknown';
}

export const PEERS: readonly Contender[] = [
  TEMPORAL,
  bullmq('always'),
  bullmq('everysec'),
  PG_BOSS,
  GRAPHILE_WORKER,
  DBOS,
];
