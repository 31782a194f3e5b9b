/** Which workflows of an interrupted run are started, and with what: on a server that has all, some or none. */
import { mkdirSync } from 'node:fs';
import { WorkflowNotFoundError } from '@temporalio/common';
import { expect, it, vi } from 'vitest';
import type { ConnectedEngine } from '../../engine/connect.ts';
import { checkpointFolder } from '../../fabric/mission/run-spec.ts';
import { startWorkflows } from '../../scripts/start-workflows.ts';
import { orchestratorId, shardId } from '../../workflows/protocol.ts';
import { temporaryFolder } from '../activities/temporary-folder.ts';
import { specOf } from '../fabric/small-world.ts';

const folder = temporaryFolder();
const SHARDS = ['earth', 'luna'];

const given = () => {
  const spec = specOf({ shards: SHARDS.map((name) => ({ name })), feeds: [], nodes: [] });
  const folders = { ...spec.folders, ledger: folder.in('ledger'), reports: folder.in('reports') };
  const ids = [
    orchestratorId(spec.fabric),
    ...SHARDS.map((name) => shardId(spec.fabric, name)),
  ] as const;
  return { spec: { ...spec, folders }, ids };
};

/** A server that holds these of the run's, and what is started on it, by id: carried or not. */
function serverWith(there: readonly string[], runId: string) {
  const started: Record<string, 'carried' | 'fresh'> = {};
  const engine = {
    namespace: 'default',
    connection: {
      operatorService: { listSearchAttributes: () => Promise.reject(new Error('no')) },
    },
    client: {
      workflow: {
        getHandle: (id: string) => ({
          describe: () =>
            there.includes(id)
              ? Promise.resolve({ memo: { runId } })
              : Promise.reject(new WorkflowNotFoundError('none', id, undefined)),
        }),
        start: (_: string, options: { workflowId: string; args: [{ carried?: unknown }] }) => {
          const isCarried = options.args[0].carried !== undefined;
          started[options.workflowId] = isCarried ? 'carried' : 'fresh';
          return Promise.resolve({});
        },
      },
    },
  } as unknown as ConnectedEngine;
  return { engine, started };
}

const rebuiltOf = (ids: readonly string[]) =>
  vi.fn(() =>
    Promise.resolve({
      carried: new Map(ids.map((id) => [id, { state: {}, pending: [] as [] }])),
      told: '',
    }),
  );

it('a rebuild that was interrupted goes on with the rebuild, and touches none that is there', async () => {
  const { spec, ids } = given();
  mkdirSync(checkpointFolder(spec), { recursive: true });
  const [orchestrator, earth, luna] = ids;
  for (const there of [[], [orchestrator], [orchestrator, earth!]]) {
    const { engine, started } = serverWith(there, spec.runId);
    await startWorkflows(engine, spec, rebuiltOf(ids));
    const missing = ids.filter((id) => !there.includes(id));
    expect(started).toEqual(Object.fromEntries(missing.map((id) => [id, 'carried'])));
    expect(missing).toContain(luna);
  }
});

it('a first start that was interrupted goes on with a first start', async () => {
  const { spec, ids } = given();
  mkdirSync(spec.folders.ledger, { recursive: true });
  const { engine, started } = serverWith(ids.slice(0, 2), spec.runId);
  const rebuilt = rebuiltOf(ids);
  await startWorkflows(engine, spec, rebuilt);
  expect(started).toEqual({ [ids[2]!]: 'fresh' });
  expect(rebuilt).not.toHaveBeenCalled();
});

it('a server that has all of them is left as it is', async () => {
  const { spec, ids } = given();
  mkdirSync(checkpointFolder(spec), { recursive: true });
  const { engine, started } = serverWith(ids, spec.runId);
  const rebuilt = rebuiltOf(ids);
  await startWorkflows(engine, spec, rebuilt);
  expect(started).toEqual({});
  expect(rebuilt).not.toHaveBeenCalled();
});
