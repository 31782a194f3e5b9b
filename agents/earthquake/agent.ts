/**
 * The earthquake agent: one event in, its assessment out. It reads the places of the Earth once a
 * process and needs no network.
 */
import { problemLine } from '../../fabric/mission/problems.ts';
import type { Agent } from '../agent.ts';
import { assess } from './assess.ts';
import { eventOfPayload } from './event.ts';
import { loadPlaces } from './places.ts';

/** Problems of a payload that a failure's message names. */
const PROBLEMS_NAMED_MAX = 3;

export const earthquakeAgent: Agent = {
  name: 'earthquake',
  async load() {
    await loadPlaces();
  },
  async handle({ payload }) {
    const read = eventOfPayload(payload);
    if (!read.ok) {
      const named = read.problems.slice(0, PROBLEMS_NAMED_MAX).map(problemLine);
      return { status: 'failed', code: 'bad-payload', message: named.join('; ') };
    }
    return { status: 'completed', result: assess(read.event, await loadPlaces()) };
  },
};
