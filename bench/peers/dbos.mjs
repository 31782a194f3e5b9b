// DBOS Transact as its documentation has it: each job is a workflow that is enqueued on a queue, and its result
// stands in the workflow's row. There is no call for many, so in bulk more calls are under way at a time.
import { DBOS } from '@dbos-inc/dbos-sdk';
import pg from 'pg';
import { setTimeout as pause } from 'node:timers/promises';
import { handle, servePeer } from './line.mjs';

const QUEUE = 'jobs';
const LOOK_MS = 10;
/** Rows may become visible later than their time of completion says: so much is looked at again. */
const OVERLAP_MS = 2_000;
const READ_JOBS = 5_000;

await servePeer(async ({ store, role, handlerMs, settings }, onOutcome) => {
  const url = new URL(String(store['url']));
  url.pathname = '/bench_dbos_sys';
  const systemDatabaseUrl = String(url);
  DBOS.setConfig({
    name: 'bench',
    systemDatabaseUrl,
    systemDatabasePoolSize: settings.connections,
    applicationVersion: 'bench',
    // Its log goes to standard output, and only errors are of interest.
    logLevel: 'error',
  });
  const hash = DBOS.registerWorkflow((payload) => handle(payload, handlerMs), { name: 'hash' });
  const pool = new pg.Pool({ connectionString: systemDatabaseUrl, max: 2 });
  const seen = new Set();
  if (role === 'work') {
    // What was completed before this process was started is no news.
    const { rows } = await pool.query(
      "select workflow_uuid as id from dbos.workflow_status where status = 'SUCCESS'",
    );
    for (const { id } of rows) seen.add(id);
  }
  await DBOS.launch();
  await DBOS.registerQueue(QUEUE, {
    workerConcurrency: settings.workerConcurrency,
    minPollingIntervalMs: settings.minPollingIntervalMs,
  });
  let isOpen = true;
  const watch = async () => {
    for (let sinceMs = 0; isOpen; await pause(LOOK_MS)) {
      const { rows } = await pool.query(
        `select workflow_uuid as id, completed_at as at from dbos.workflow_status
         where completed_at >= $1 and status = 'SUCCESS'`,
        [sinceMs - OVERLAP_MS],
      );
      for (const { id, at } of rows) {
        sinceMs = Math.max(sinceMs, Number(at));
        if (seen.has(id)) continue;
        seen.add(id);
        onOutcome(id);
      }
    }
  };
  const watching = watch();
  const submitOne = async ({ id, payload }) => {
    await DBOS.startWorkflow(hash, { queueName: QUEUE, workflowID: id })(payload);
  };
  return {
    submitters: settings.submitters,
    submitOne,
    submitAll: async (jobs) => {
      let next = 0;
      const lane = async () => {
        while (next < jobs.length) await submitOne(jobs[next++]);
      };
      await Promise.all(Array.from({ length: settings.bulkSubmitters }, lane));
    },
    results: async function* () {
      for (let offset = 0; ; offset += READ_JOBS) {
        const page = { status: 'SUCCESS', limit: READ_JOBS, offset };
        const workflows = await DBOS.listWorkflows(page);
        for (const { workflowID, output } of workflows) yield { id: workflowID, result: output };
        if (workflows.length < READ_JOBS) return;
      }
    },
    close: async () => {
      isOpen = false;
      await watching;
      await pool.end();
      await DBOS.shutdown();
    },
  };
});
