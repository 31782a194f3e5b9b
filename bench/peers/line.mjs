// The line between the benchmark and the process that it measures: orders come in as JSON lines on standard
// input, and what was seen goes out as JSON lines on standard output. Whoever is measured, its process
// is one of these, so that all of them are started, timed, killed and asked for results alike.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';

/**
 * @typedef {object} Job
 * @property {string} id
 * @property {string} payload 128 characters of ASCII.
 */

/**
 * What a process is told when it is started.
 * @typedef {object} Order
 * @property {string} jobsFile One JSON job a line.
 * @property {'default' | 'bulk'} path
 * @property {number} handlerMs How long a job waits beside its computing.
 * @property {'drive' | 'work'} role `work`: nothing is submitted, the work that lies in the store is done.
 * @property {string} folder Of this run; whatever is written belongs there.
 * @property {Record<string, string | number>} store How the store is reached.
 * @property {Record<string, any>} settings What the contender sets; the report shows the same.
 */

/**
 * Calls it once for every job whose outcome the store has confirmed as durable.
 * @callback OnOutcome
 * @param {string} id
 * @returns {void}
 */

/**
 * What is measured, connected and with its worker ready.
 * @typedef {object} Peer
 * @property {(job: Job) => Promise<void>} submitOne Resolves when the store has taken it.
 * @property {(jobs: readonly Job[]) => Promise<void>} submitAll The documented way to submit many.
 * @property {number} submitters Calls of `submitOne` under way at a time.
 * @property {() => Promise<void>} [settled] Resolves when nothing of what has ended is left to be written.
 * @property {() => AsyncIterable<{ id: string, result: string }>} results What the store keeps of each job.
 * @property {() => Promise<number>} [historyBytes] Of all jobs, where there is such a thing.
 * @property {(afterMs: number) => Promise<number>} [firstOutcome] When the first outcome after that came, in ms since
 *   the epoch; left out where `onOutcome` tells it.
 * @property {() => Promise<void>} close
 */

/** Milliseconds since the epoch, finer than Date's; comparable between processes of one machine. */
export const nowMs = () => performance.timeOrigin + performance.now();

/**
 * The job that everybody does: hex SHA-256 of the payload, 64 characters, after a wait.
 * @param {string} payload
 * @param {number} handlerMs
 */
export async function handle(payload, handlerMs) {
  if (handlerMs > 0) await pause(handlerMs);
  return createHash('sha256').update(payload).digest('hex');
}

/** @param {string} file @returns {Job[]} */
export function readJobs(file) {
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  return lines.map((line) => {
    const { id, payload } = JSON.parse(line);
    return { id, payload };
  });
}

/** @param {object} event */
export function say(event) {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

/** Outcomes as they come in. */
class Course {
  /** When each job's outcome was confirmed. @type {Map<string, number>} */
  endedAtMs = new Map();
  lastMs = 0;
  confirmedTwice = 0;
  /** @type {{ count: number, resolve: () => void }[]} */
  #waiting = [];

  /** @param {string} id */
  take(id) {
    if (this.endedAtMs.has(id)) {
      this.confirmedTwice += 1;
      return;
    }
    this.lastMs = nowMs();
    this.endedAtMs.set(id, this.lastMs);
    this.#waiting = this.#waiting.filter(({ count, resolve }) => {
      if (this.endedAtMs.size < count) return true;
      resolve();
      return false;
    });
  }

  /** @param {number} count @returns {Promise<void>} */
  until(count) {
    if (this.endedAtMs.size >= count) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ count, resolve }));
  }
}

/**
 * Submits each with one call, so many under way at a time.
 * @param {readonly Job[]} jobs @param {Peer} peer
 */
async function submitSingly(jobs, peer) {
  let next = 0;
  const lane = async () => {
    while (next < jobs.length) await peer.submitOne(jobs[next++]);
  };
  await Promise.all(Array.from({ length: peer.submitters }, lane));
}

/**
 * All jobs of the order, from the first call to the last confirmed outcome.
 * @param {Order} order @param {Peer} peer @param {Course} course
 */
async function run(order, peer, course) {
  const jobs = readJobs(order.jobsFile);
  const startedAtMs = nowMs();
  if (order.path === 'bulk') await peer.submitAll(jobs);
  else await submitSingly(jobs, peer);
  await course.until(jobs.length);
  let endedAtMs = course.lastMs;
  if (peer.settled !== undefined) {
    await peer.settled();
    endedAtMs = nowMs();
  }
  const { confirmedTwice } = course;
  return { startedAtMs, endedAtMs, elapsedMs: endedAtMs - startedAtMs, confirmedTwice };
}

/**
 * Open loop: job i is submitted when it is due, whether those before it are done or not, and its latency counts
 * from then, so that waiting in line is not left out.
 * @param {Order} order @param {Peer} peer @param {Course} course @param {number} perSecond
 */
async function openLoop(order, peer, course, perSecond) {
  const jobs = readJobs(order.jobsFile);
  const startMs = nowMs() + 50;
  const dueMs = (/** @type {number} */ i) => startMs + (i * 1_000) / perSecond;
  /** @type {Promise<void>[]} */
  const submitted = [];
  for (let next = 0; next < jobs.length;) {
    while (next < jobs.length && dueMs(next) <= nowMs())
      submitted.push(peer.submitOne(jobs[next++]));
    if (next < jobs.length) await pause(Math.max(0, Math.floor(dueMs(next) - nowMs())));
  }
  await Promise.all(submitted);
  await course.until(jobs.length);
  const latenciesMs = jobs.map(({ id }, i) => course.endedAtMs.get(id) - dueMs(i));
  return { latenciesMs, confirmedTwice: course.confirmedTwice };
}

/** @param {string} file @param {AsyncIterable<{ id: string, result: string }>} results */
async function writeResults(file, results) {
  const out = createWriteStream(file);
  for await (const each of results) {
    if (!out.write(`${JSON.stringify(each)}\n`)) await once(out, 'drain');
  }
  out.end();
  await once(out, 'finish');
}

/**
 * Serves a peer that is opened with a function: the whole life of its process.
 * @param {(order: Order, onOutcome: OnOutcome) => Promise<Peer>} open
 */
export async function servePeer(open) {
  await serve(async (order) => {
    const course = new Course();
    let first = () => undefined;
    const firstSeen = new Promise((resolve) => (first = resolve));
    const peer = await open(order, (id) => {
      course.take(id);
      first(undefined);
    });
    return {
      run: () => run(order, peer, course),
      openLoop: ({ perSecond }) => openLoop(order, peer, course, perSecond),
      begin: async () => {
        const jobs = readJobs(order.jobsFile);
        void peer.submitAll(jobs).catch(fail);
        await (peer.firstOutcome ? peer.firstOutcome(0) : firstSeen);
        return {};
      },
      firstOutcome: async ({ afterMs }) => {
        if (peer.firstOutcome !== undefined) return { atMs: await peer.firstOutcome(afterMs) };
        await firstSeen;
        return { atMs: course.lastMs };
      },
      results: async ({ file }) => {
        await writeResults(file, peer.results());
        return { historyBytes: (await peer.historyBytes?.()) ?? null };
      },
      close: async () => {
        await peer.close();
        return {};
      },
      progress: () => course.endedAtMs.size,
    };
  });
}

/** @param {unknown} error */
function fail(error) {
  say({
    event: 'failed',
    why: error instanceof Error ? (error.stack ?? error.message) : String(error),
  });
  process.exit(1);
}

const PROGRESS_MS = 500;

/**
 * Answers each order `{do, …}` with `{event: do, …}`. `open` gets the process's order and returns what it can do;
 * `progress` of it says how many jobs have ended. Ends with its standard input, so that it outlives nobody.
 */
export async function serve(open) {
  process.on('unhandledRejection', fail);
  process.on('uncaughtException', fail);
  const served = await open(JSON.parse(process.argv[2]));
  say({ event: 'ready' });
  const timer = setInterval(
    () => say({ event: 'progress', ended: served.progress() }),
    PROGRESS_MS,
  );
  timer.unref();
  const answer = async (what, args) => say({ event: what, ...(await served[what](args)) });
  for await (const line of createInterface({ input: process.stdin })) {
    const { do: what, ...args } = JSON.parse(line);
    const answered = answer(what, args);
    // A run that takes too long is under way still when it is closed.
    if (what !== 'close') void answered.catch(fail);
    else {
      await answered;
      break;
    }
  }
  process.exit(0);
}
