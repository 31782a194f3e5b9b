// A contender's process that keeps its results in memory, and does wrong by one job when it is told to.
import { handle, servePeer } from '../../bench/peers/line.mjs';

await servePeer(async ({ settings, handlerMs }, onOutcome) => {
  /** @type {{ id: string, result: string }[]} */
  const kept = [];
  const submitOne = async ({ id, payload }) => {
    const result = await handle(payload, handlerMs);
    const isTarget = id === 'job-3';
    if (isTarget && settings.fault === 'dies') process.exit(7);
    if (isTarget && settings.fault === 'hangs') return;
    if (!isTarget || settings.fault !== 'loses') kept.push({ id, result });
    if (isTarget && settings.fault === 'doubles') kept.push({ id, result });
    if (isTarget && settings.fault === 'spoils') kept.at(-1).result = 'other';
    if (isTarget && settings.fault === 'confirms twice') onOutcome(id);
    onOutcome(id);
  };
  return {
    submitters: 4,
    submitOne,
    submitAll: async (jobs) => void (await Promise.all(jobs.map(submitOne))),
    results: async function* () {
      yield* kept;
    },
    close: async () => undefined,
  };
});
