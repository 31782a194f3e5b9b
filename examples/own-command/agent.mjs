// An agent as a process of its own: it reads one job from standard input and prints one result. Any language
// will do. Run it with `planetary-fabric run examples/own-command/mission.json`.
import { readFileSync } from 'node:fs';

const { payload, idempotencyKey } = JSON.parse(readFileSync(0, 'utf8'));
if (typeof payload?.text !== 'string') {
  // Any exit code but 0 is a failed try; the end of standard error becomes its message.
  console.error('the payload has no field "text"');
  process.exit(1);
}
const letters = payload.text.replace(/[^a-z]/gi, '').length;
// Whatever must not happen twice is done under this key: after a kill a job may be done again.
console.log(JSON.stringify({ letters, idempotencyKey }));
