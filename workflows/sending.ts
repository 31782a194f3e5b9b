/**
 * Signals between the fabric's workflows. Each may fail or be lost: whatever matters is sent again by the
 * core until it is answered, so a failure here needs no more than to be forgotten.
 */
import * as wf from '@temporalio/workflow';
import type { Message } from '../fabric/messages.ts';
import { SIGNAL } from './protocol.ts';

export class Sending {
  #open = 0;

  get open(): number {
    return this.#open;
  }

  send(workflowId: string, message: Message): void {
    this.#open += 1;
    const sent = wf.getExternalWorkflowHandle(workflowId).signal(SIGNAL.message, message);
    void sent.then(
      () => (this.#open -= 1),
      () => (this.#open -= 1),
    );
  }
}
