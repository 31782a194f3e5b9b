// The naive designs on Temporal, as its first tutorials have them: an activity a job.
import { continueAsNew, proxyActivities } from '@temporalio/workflow';

const { hash, page } = proxyActivities({ startToCloseTimeout: '1 minute' });

/** One job in a workflow of its own. */
export async function one(job) {
  return await hash(job);
}

/** All jobs from `from` on, one activity each, so many in flight; continues as new after each page. */
export async function all({ from, pageJobs, inFlight }) {
  const jobs = await page(from, pageJobs);
  let next = 0;
  const lane = async () => {
    while (next < jobs.length) await hash(jobs[next++]);
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
  if (jobs.length === pageJobs) await continueAsNew({ from: from + pageJobs, pageJobs, inFlight });
}
