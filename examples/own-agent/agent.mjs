// An agent of one's own: the module's default export does the jobs, one at a time, in a thread of its own.
// Run it with `planetary-fabric run examples/own-agent/mission.json`.

/** @type {import('planetary-orchestrator-fabric').Agent} */
export default {
  name: 'word-count',
  handle({ payload }) {
    if (typeof payload?.text !== 'string') {
      return { status: 'failed', code: 'no-text', message: 'the payload has no field "text"' };
    }
    // The result comes out of the payload alone: after a kill a job may be done a second time.
    const words = payload.text.split(/\s+/).filter((word) => word !== '');
    return { status: 'completed', result: { words: words.length } };
  },
};
