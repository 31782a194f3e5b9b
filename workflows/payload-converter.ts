/**
 * Decoding happens before any handler runs, and a payload that can't be decoded would fail the workflow's
 * task again and again. Here it becomes a value that says so, and the handler records a refusal.
 */
import { defaultPayloadConverter, type Payload, type PayloadConverter } from '@temporalio/common';
import type { Undecodable } from '../fabric/orchestrator/command-schema.ts';

const PROBLEM_CHARS_MAX = 200;

export const payloadConverter: PayloadConverter = {
  toPayload: (value) => defaultPayloadConverter.toPayload(value),
  fromPayload: <T>(payload: Payload): T => {
    try {
      return defaultPayloadConverter.fromPayload<T>(payload);
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      const undecodable: Undecodable = { undecodable: problem.slice(0, PROBLEM_CHARS_MAX) };
      return undecodable as T;
    }
  },
};
