// Nodes added to a run are kept beside its spec: each as the spec of a run of this one node.
import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { RunSpec } from '../../fabric/mission/run-spec.ts';
import { addedNodes, addNode } from '../../scripts/added-nodes.ts';
import { temporaryFolder } from '../activities/temporary-folder.ts';
import { nodeOf, specOf } from '../fabric/small-world.ts';

const folder = temporaryFolder();

test('what was added is found again, in the order of the names, and nothing else is taken for it', async () => {
  const specFile = folder.in('run-spec.json');
  expect(addedNodes(specFile)).toEqual([]);
  const spec = specOf({ shards: [{ name: 'luna' }], nodes: [{ id: 'first', shard: 'luna' }] });
  for (const id of ['zoe', 'ada']) await addNode(specFile, spec, nodeOf({ id, shard: 'luna' }));
  writeFileSync(folder.in('added-nodes/eve.json.half-written'), '{');
  const found = addedNodes(specFile);
  expect(found.map(({ id }) => id)).toEqual(['ada', 'zoe']);
  const own = JSON.parse(readFileSync(found[0]!.specFile, 'utf8')) as RunSpec;
  expect(own).toEqual({ ...spec, nodes: [nodeOf({ id: 'ada', shard: 'luna' })] });
});
