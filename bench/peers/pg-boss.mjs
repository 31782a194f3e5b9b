// pg-boss as its documentation has it. Default: `send` one by one, workers that take one job each, whose return
// value is kept as the job's output. Bulk: `insert`, `fetch` in batches and `complete` of a batch.
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import PgBoss from 'pg-boss';
import { handle, servePeer } from './line.mjs';
import { resultsTable } from './results-table.mjs';

const QUEUE = 'jobs';
const IDLE_MS = 5;
const READ_ROWS = 10_000;

await servePeer(async ({ store, path, handlerMs, settings }, onOutcome) => {
  const { submitters, workers: workerCount, fetchers: fetcherCount, bulkJobs } = settings;
  const pool = new pg.Pool({ connectionString: String(store['url']), max: settings.connections });
  // Its documented way to bring one's own connection; what it confirms is heard here, as `work` tells it to nobody.
  const db = {
    executeSql: async (text, values) => {
      const result = await pool.query(text, values);
      if (text.includes('SET completed_on = now()')) completed(values[1]);
      return result;
    },
  };
  /** pg-boss's own ids are UUIDs; the benchmark's stand in the data. @type {Map<string, string>} */
  const own = new Map();
  const completed = (ids) => {
    for (const id of ids) {
      if (own.has(id)) onOutcome(own.get(id));
    }
  };
  const boss = new PgBoss({ db });
  boss.on('error', (error) => process.stderr.write(`${error.message}\n`));
  await boss.start();
  await boss.createQueue(QUEUE);
  const results = await resultsTable(pool);
  let isOpen = true;
  const workers = [];
  if (path === 'default') {
    for (let i = 0; i < workerCount; i += 1) {
      workers[i] = await boss.work(
        QUEUE,
        { pollingIntervalSeconds: settings.pollingIntervalSeconds },
        async ([job]) => {
          own.set(job.id, job.data.id);
          boss.notifyWorker(workers[i]);
          return { hash: await handle(job.data.payload, handlerMs) };
        },
      );
    }
  }
  const fetchOn = async () => {
    while (isOpen) {
      const jobs = await boss.fetch(QUEUE, { batchSize: bulkJobs });
      if (jobs.length === 0) {
        await pause(IDLE_MS);
        continue;
      }
      const rows = await Promise.all(
        jobs.map(async ({ id, data }) => {
          own.set(id, data.id);
          return { id: data.id, result: await handle(data.payload, handlerMs) };
        }),
      );
      await results.write(rows);
      await boss.complete(
        QUEUE,
        jobs.map(({ id }) => id),
      );
    }
  };
  const fetchers = path === 'bulk' ? Array.from({ length: fetcherCount }, fetchOn) : [];
  let turn = 0;
  return {
    submitters,
    submitOne: async (job) => {
      await boss.send(QUEUE, job);
      boss.notifyWorker(workers[turn++ % workerCount]);
    },
    submitAll: async (jobs) => {
      for (let from = 0; from < jobs.length; from += bulkJobs) {
        await boss.insert(jobs.slice(from, from + bulkJobs).map((data) => ({ name: QUEUE, data })));
      }
    },
    results: () => (path === 'bulk' ? results.read() : outputs(pool)),
    close: async () => {
      isOpen = false;
      await Promise.all(fetchers);
      await boss.stop({ graceful: false, wait: false });
      await pool.end();
    },
  };
});

/** The outputs of completed jobs, as pg-boss keeps them. */
async function* outputs(pool) {
  for (let last = '00000000-0000-0000-0000-000000000000'; ;) {
    const { rows } = await pool.query(
      `select id, data->>'id' as job, output->>'hash' as result from pgboss.job
       where name = $1 and state = 'completed' and id > $2 order by id limit $3`,
      [QUEUE, last, READ_ROWS],
    );
    for (const { job, result } of rows) yield { id: job, result };
    if (rows.length < READ_ROWS) return;
    last = rows.at(-1).id;
  }
}
