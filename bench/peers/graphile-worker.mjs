// Graphile Worker as its documentation has it. It deletes a job that succeeded and keeps no result, so the
// task keeps it in a table of its own. Default: `addJob` one by one. Bulk: `addJobs`, and the batching of
// https://worker.graphile.org/docs/performance: a local queue, and completions written together.
import { Logger, makeWorkerUtils, run } from 'graphile-worker';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { handle, servePeer } from './line.mjs';
import { resultsTable } from './results-table.mjs';

const LOOK_MS = 5;

const quiet = new Logger(() => (level, message) => {
  if (level === 'error') process.stderr.write(`${message}\n`);
});

await servePeer(async ({ store, path, handlerMs, settings }, onOutcome) => {
  const connectionString = String(store['url']);
  const { submitters, concurrentJobs, maxPoolSize, bulkJobs } = settings;
  const pool = new pg.Pool({ connectionString, max: maxPoolSize });
  const results = await resultsTable(pool);
  const utils = await makeWorkerUtils({ connectionString, logger: quiet });
  await utils.migrate();
  const batching = {
    localQueue: { size: settings.localQueueSize },
    completeJobBatchDelay: settings.completeJobBatchDelay,
    failJobBatchDelay: settings.failJobBatchDelay,
  };
  const runner = await run({
    preset: {
      worker: {
        connectionString,
        concurrentJobs,
        maxPoolSize,
        ...(path === 'bulk' ? batching : {}),
      },
    },
    logger: quiet,
    noHandleSignals: true,
    taskList: {
      hash: async ({ id, payload }) => {
        const result = await handle(payload, handlerMs);
        if (path === 'bulk') await results.writeGathered(id, result);
        else await results.write([{ id, result }]);
        onOutcome(id);
      },
    },
  });
  return {
    submitters,
    submitOne: async (job) => void (await utils.addJob('hash', job)),
    submitAll: async (jobs) => {
      for (let from = 0; from < jobs.length; from += bulkJobs) {
        const batch = jobs.slice(from, from + bulkJobs);
        await utils.addJobs(batch.map((payload) => ({ identifier: 'hash', payload })));
      }
    },
    // The outcome is not complete before the job is gone: until then a crash has it done once more.
    settled: async () => {
      const left = 'select 1 from graphile_worker._private_jobs limit 1';
      while ((await pool.query(left)).rowCount > 0) await pause(LOOK_MS);
    },
    results: () => results.read(),
    close: async () => {
      await runner.stop();
      await utils.release();
      await pool.end();
    },
  };
});
