/** What is said of a run that ended before its jobs did: where its state is, and how to go on with it. */
import { dirname } from 'node:path';
import { stopRecorded } from '../engine/embedded.ts';
import type { RunSpec } from '../fabric/mission/run-spec.ts';
import { resumeCommand } from './command-name.ts';
import type { LiveDisplay } from './live-display.ts';
import type { Output } from './place.ts';
import { say } from './place.ts';
import { resumePoint } from './sound-checkpoint.ts';
import type { FabricRecord } from './state.ts';
import { runFolder } from './state.ts';

/** After Ctrl-C. */
export async function tellInterrupted(talk: Output, spec: RunSpec): Promise<void> {
  const { point } = await resumePoint(spec);
  say(talk, `Interrupted. The state of run ${spec.runId} is kept; continue it with:`);
  say(talk, `  ${resumeCommand(point)}`);
}

/** After a fault that was to end the run; `specFile` stands in the run's own folder. */
export async function tellStopped(
  talk: Output,
  spec: RunSpec,
  specFile: string,
  why: string,
): Promise<void> {
  const { point, path } = await resumePoint(spec);
  say(talk, `Stopped, as the mission has it: ${why}. The state of run ${spec.runId} is kept:`);
  say(talk, `  run and database  ${dirname(specFile)}`);
  say(talk, `  ledger            ${spec.folders.ledger}`);
  say(talk, `  checkpoint        ${path ?? 'none was written yet'}`);
  say(talk, 'Continue it with the resume token:');
  say(talk, `  ${resumeCommand(point)}`);
}

/** Ends the server that a killed supervisor left behind; its run can still be continued. */
export async function tidyAfter(
  stateDir: string,
  left: FabricRecord,
  display: Pick<LiveDisplay, 'line'>,
): Promise<void> {
  await stopRecorded(runFolder(stateDir, left.runId));
  display.line(`earlier run ${left.runId} was interrupted; continue it any time with:`);
  display.line(`  ${resumeCommand(left)}`);
}
