/**
 * When a call to the engine that was refused for the moment is made again. As the SDK does it, but for one
 * refusal: a workflow that asks to continue as new while something came in takes no signals and updates until its
 * next task is done. That is over in some milliseconds, and the SDK would wait 1.7 s, as after any refusal for too
 * many calls.
 */
import { defaultGrpcRetryOptions, makeGrpcRetryInterceptor } from '@temporalio/client';
import type { ConnectionOptions, GrpcRetryOptions } from '@temporalio/client';

type Interceptors = NonNullable<ConnectionOptions['interceptors']>;

/** Status of a call; from the codes of gRPC. */
const RESOURCE_EXHAUSTED = 8;
/** The words of the engine, up to version 1.29 of the server. */
const IS_CLOSING = /workflow is closing/i;

const CLOSING_MS = 30;
/** The two waits of the SDK. */
const EXHAUSTED_MS = 1_000;
const OTHER_MS = 100;

/** Each wait is 1.7 times the one before it, the first 1.7 times what is given here; up to 10 calls in all. */
export function callRetry(): GrpcRetryOptions {
  return defaultGrpcRetryOptions({
    initialIntervalMs: ({ code, details }) => {
      if (code !== RESOURCE_EXHAUSTED) return OTHER_MS;
      return IS_CLOSING.test(details) ? CLOSING_MS : EXHAUSTED_MS;
    },
  });
}

/** For a connection. */
export function retryingCalls(): Interceptors {
  return [makeGrpcRetryInterceptor(callRetry())];
}
