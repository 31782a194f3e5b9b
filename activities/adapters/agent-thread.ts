/**
 * What runs inside an agent's thread: it loads the agent once, says so, then does the jobs of a batch one
 * after the other. Answers go out as JSON text, so that nothing but JSON can leave the thread.
 */
import { parentPort, workerData } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import type { Agent, AgentJob, AgentOutcome } from '../../agents/agent.ts';
import { AnswerPage, BATCH_MS, CODE_CHARS_MAX } from './answer-page.ts';

/** Where the agent comes from: a module's default export, or a built-in one by its name. */
export interface ThreadOrder {
  /** URL of the module. */
  readonly module: string;
  /** Null: the module's default export is the agent. */
  readonly builtIn: string | null;
  /** A longer result is a failed try. */
  readonly resultBytesMax: number;
  /** Of a failure's message; the rest is cut off. */
  readonly messageCharsMax: number;
}

/** What a thread is started with. */
export interface ThreadData extends ThreadOrder {
  readonly answerBytesMax: number;
  readonly memory: SharedArrayBuffer;
}

export type ThreadNews =
  | { readonly type: 'loaded' }
  | { readonly type: 'unloadable'; readonly message: string }
  /** There is something on the page. */
  | { readonly type: 'answered' };

/** The host hears of answers no more often than this, and at a batch's end. */
const NEWS_MS = 2;

interface AgentModule {
  readonly default?: Agent;
  readonly builtInAgent?: (name: string) => Agent | undefined | Promise<Agent | undefined>;
}

interface ThreadAnswer {
  readonly isFailure: boolean;
  readonly json: string;
}

async function loadAgent({ module, builtIn }: ThreadOrder): Promise<Agent> {
  const loaded = (await import(module)) as AgentModule;
  const agent = builtIn === null ? loaded.default : await loaded.builtInAgent?.(builtIn);
  if (typeof agent?.handle !== 'function') {
    const what = builtIn === null ? 'its default export' : `its agent "${builtIn}"`;
    throw new Error(`${module}: ${what} has no function "handle"`);
  }
  await agent.load?.();
  return agent;
}

/** Does jobs until all are done, or the batch has lasted long enough, or the page is full. */
async function doBatch(
  agent: Agent,
  jobs: readonly AgentJob[],
  page: AnswerPage,
  data: ThreadData,
  tell: () => void,
): Promise<void> {
  const startedMs = performance.now();
  let nowMs = startedMs;
  let toldMs = startedMs;
  for (const [at, job] of jobs.entries()) {
    if (nowMs - startedMs >= BATCH_MS || !page.hasRoom(at, data.answerBytesMax)) break;
    page.begin(at);
    const answered = await answer(agent, job, data);
    const beganMs = nowMs;
    nowMs = performance.now();
    page.write(at, { ...answered, ms: nowMs - beganMs });
    if (nowMs - toldMs >= NEWS_MS && at + 1 < jobs.length) {
      toldMs = nowMs;
      tell();
    }
  }
  page.end();
  tell();
}

async function answer(agent: Agent, job: AgentJob, order: ThreadOrder): Promise<ThreadAnswer> {
  try {
    return answerOf(await agent.handle(job), order);
  } catch (error) {
    return failure('agent-threw', textOf(error), order);
  }
}

function answerOf(outcome: AgentOutcome | undefined, order: ThreadOrder): ThreadAnswer {
  if (outcome?.status === 'failed') {
    return failure(String(outcome.code), String(outcome.message), order);
  }
  if (outcome?.status !== 'completed') {
    const message = 'the agent returned neither a completed nor a failed outcome';
    return failure('bad-outcome', message, order);
  }
  const json = (JSON.stringify(outcome.result) as string | undefined) ?? 'null';
  const bytes = Buffer.byteLength(json);
  if (bytes <= order.resultBytesMax) return { isFailure: false, json };
  const message = `the result has ${bytes} bytes as JSON; at most ${order.resultBytesMax} are kept`;
  return failure('result-too-large', message, order);
}

function failure(code: string, message: string, { messageCharsMax }: ThreadOrder): ThreadAnswer {
  const cut = [code.slice(0, CODE_CHARS_MAX), message.slice(0, messageCharsMax)];
  return { isFailure: true, json: JSON.stringify(cut) };
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function main(port: MessagePort, data: ThreadData): Promise<void> {
  const tell = (news: ThreadNews): void => port.postMessage(news);
  let agent: Agent;
  try {
    agent = await loadAgent(data);
  } catch (error) {
    return tell({ type: 'unloadable', message: textOf(error) });
  }
  const page = new AnswerPage(data.memory);
  const onAnswers = (): void => tell({ type: 'answered' });
  port.on('message', (jobs: AgentJob[]) => void doBatch(agent, jobs, page, data, onAnswers));
  tell({ type: 'loaded' });
}

await main(parentPort!, workerData as ThreadData);
