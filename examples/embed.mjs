// The owner's controls from a program of one's own. It needs a running fabric: start one with
// `planetary-fabric up` in this folder, or name its server with TEMPORAL_ADDRESS.
import { OwnerConsole } from 'planetary-orchestrator-fabric';

const fabric = await OwnerConsole.connect();
try {
  const paused = await fabric.pauseShard('luna', { by: 'embed', reason: 'a look around' });
  console.log(`${paused.outcome}: ${paused.effect}`);

  const jobs = ['a', 'b', 'c'].map((id) => ({ id: `embed-${id}`, kind: 'survey', shard: 'luna' }));
  const submitted = await fabric.submit(jobs, { by: 'embed' });
  for (const { shard, accepted = [] } of submitted.answers) {
    console.log(`${shard} accepted ${accepted.join(', ')}`);
  }

  const resumed = await fabric.resumeShard('luna', { by: 'embed' });
  console.log(`${resumed.outcome}: ${resumed.effect}`);

  const { status, governance } = await fabric.snapshot();
  console.log(`${status.fabric} is ${status.state}, after ${governance.commands.length} commands`);
} finally {
  await fabric.close();
}
