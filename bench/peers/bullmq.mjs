// BullMQ as its documentation has it: one queue, one worker with a concurrency, results as return values.
import { Queue, Worker } from 'bullmq';
import { handle, servePeer } from './line.mjs';

const QUEUE = 'jobs';
const READ_JOBS = 5_000;

await servePeer(async ({ store, handlerMs, settings }, onOutcome) => {
  const { submitters, concurrency, bulkJobs } = settings;
  const connection = {
    host: String(store['host']),
    port: Number(store['port']),
    maxRetriesPerRequest: null,
  };
  const queue = new Queue(QUEUE, { connection });
  const worker = new Worker(QUEUE, ({ data }) => handle(data, handlerMs), {
    connection,
    concurrency,
  });
  // Emitted when Redis has answered, which with `appendfsync always` it does after its sync.
  worker.on('completed', ({ id }) => onOutcome(String(id)));
  worker.on('error', (error) => process.stderr.write(`${error.message}\n`));
  await Promise.all([queue.waitUntilReady(), worker.waitUntilReady()]);
  const entry = ({ id, payload }) => ({ name: 'hash', data: payload, opts: { jobId: id } });
  return {
    submitters,
    submitOne: async ({ id, payload }) => void (await queue.add('hash', payload, { jobId: id })),
    submitAll: async (jobs) => {
      for (let from = 0; from < jobs.length; from += bulkJobs) {
        await queue.addBulk(jobs.slice(from, from + bulkJobs).map(entry));
      }
    },
    results: async function* () {
      for (let from = 0; ; from += READ_JOBS) {
        const jobs = await queue.getJobs(['completed'], from, from + READ_JOBS - 1, true);
        for (const { id, returnvalue } of jobs) yield { id: String(id), result: returnvalue };
        if (jobs.length < READ_JOBS) return;
      }
    },
    close: async () => {
      await worker.close();
      await queue.close();
    },
  };
});
