/**
 * The search attribute by which the Temporal UI and CLI find workflows by what they are doing. It is kept
 * where the workflow was started with it, which it is on servers that have it registered.
 */
import { defineSearchAttributeKey } from '@temporalio/common';
import * as wf from '@temporalio/workflow';

const STATE = defineSearchAttributeKey('FabricState', 'KEYWORD');

/** Sets it to the given word if it says something else. */
export function showState(state: string): void {
  const shown = wf.workflowInfo().typedSearchAttributes.get(STATE);
  if (shown === undefined || shown === state) return;
  wf.upsertSearchAttributes([{ key: STATE, value: state }]);
}
