/**
 * What runs inside an agent's thread: it loads the agent once, says so, then does one job at a time.
 * Answers go out as JSON text, so that nothing but JSON can leave the thread.
 */
import { parentPort, workerData } from 'node:worker_threads';
import type { Agent, AgentJob, AgentOutcome } from '../../agents/agent.ts';

/** Where the agent comes from: a module's default export, or a built-in one by its name. */
export interface ThreadOrder {
  /** URL of the module. */
  readonly module: string;
  /** Null: the module's default export is the agent. */
  readonly builtIn: string | null;
  /** A longer result is a failed try. */
  readonly resultBytesMax: number;
}

export type ThreadAnswer =
  | { readonly type: 'loaded' }
  | { readonly type: 'unloadable'; readonly message: string }
  | { readonly type: 'completed'; readonly json: string }
  | { readonly type: 'failed'; readonly code: string; readonly message: string };

interface AgentModule {
  readonly default?: Agent;
  readonly builtInAgent?: (name: string) => Agent | undefined | Promise<Agent | undefined>;
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

async function answer(agent: Agent, job: AgentJob, bytesMax: number): Promise<ThreadAnswer> {
  try {
    return answerOf(await agent.handle(job), bytesMax);
  } catch (error) {
    return { type: 'failed', code: 'agent-threw', message: textOf(error) };
  }
}

function answerOf(outcome: AgentOutcome | undefined, bytesMax: number): ThreadAnswer {
  if (outcome?.status === 'failed') {
    return { type: 'failed', code: String(outcome.code), message: String(outcome.message) };
  }
  if (outcome?.status !== 'completed') {
    const message = 'the agent returned neither a completed nor a failed outcome';
    return { type: 'failed', code: 'bad-outcome', message };
  }
  const json = (JSON.stringify(outcome.result) as string | undefined) ?? 'null';
  const bytes = Buffer.byteLength(json);
  if (bytes <= bytesMax) return { type: 'completed', json };
  const message = `the result has ${bytes} bytes as JSON; at most ${bytesMax} are kept`;
  return { type: 'failed', code: 'result-too-large', message };
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function main(): Promise<void> {
  const port = parentPort!;
  const order = workerData as ThreadOrder;
  const say = (message: ThreadAnswer): void => port.postMessage(message);
  let agent: Agent;
  try {
    agent = await loadAgent(order);
  } catch (error) {
    return say({ type: 'unloadable', message: textOf(error) });
  }
  port.on('message', (job: AgentJob) => {
    void answer(agent, job, order.resultBytesMax).then(say);
  });
  say({ type: 'loaded' });
}

await main();
