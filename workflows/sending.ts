/**
 * Signals between the fabric's workflows, sent and taken. Each may fail or be lost: whatever matters is sent again by the
 * core until it is answered, so a failure here needs no more than to be forgotten.
 */
import * as wf from '@temporalio/workflow';
import { jsonBytes } from '../fabric/bytes.ts';
import { LIMITS } from '../fabric/limits.ts';
import { parseMessage } from '../fabric/message-schema.ts';
import type { Message } from '../fabric/messages.ts';
import { SIGNAL } from './protocol.ts';

/**
 * What one decision has for another workflow goes as one signal: every signal costs a task of the receiver
 * and, once the engine has taken it, one of the sender.
 */
export class Sending {
  #open = 0;
  readonly #outbox = new Map<string, Message[]>();

  /** Signals that the engine has not taken yet. */
  get open(): number {
    return this.#open;
  }

  /** Puts the message with what goes to the same workflow; `flush` sends it. */
  send(workflowId: string, message: Message): void {
    const others = this.#outbox.get(workflowId);
    if (others) others.push(message);
    else this.#outbox.set(workflowId, [message]);
  }

  /** Sends what a decision had to say. */
  flush(): void {
    for (const [workflowId, messages] of this.#outbox) {
      for (const mail of mailsOf(messages)) this.#signal(workflowId, mail);
    }
    this.#outbox.clear();
  }

  #signal(workflowId: string, mail: readonly Message[]): void {
    this.#open += 1;
    const sent = wf.getExternalWorkflowHandle(workflowId).signal(SIGNAL.message, ...mail);
    void sent.then(
      () => (this.#open -= 1),
      () => (this.#open -= 1),
    );
  }
}

/** Takes each message that comes, or null for what is none, beside what came. */
export function takeMail(take: (message: Message | null, input: unknown) => void): void {
  wf.setHandler(
    wf.defineSignal<[unknown, ...unknown[]]>(SIGNAL.message),
    (first, ...more) => {
      for (const input of [first, ...more]) take(parseMessage(input), input);
    },
    { description: 'Between the workflows of the fabric; not for people.' },
  );
}

/** The messages in their order, as many to a mail as one payload may carry; a larger one goes alone. */
export function mailsOf(messages: readonly Message[]): readonly (readonly Message[])[] {
  if (messages.length < 2) return [messages];
  const mails: Message[][] = [];
  let room = 0;
  for (const message of messages) {
    const bytes = jsonBytes(message);
    if (bytes > room) {
      mails.push([]);
      room = LIMITS.payloadBytesMax;
    }
    mails.at(-1)!.push(message);
    room -= bytes;
  }
  return mails;
}
