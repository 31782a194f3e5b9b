import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AnswerPage, BATCH_JOBS_MAX } from '../../../activities/adapters/answer-page.ts';

const BYTES_MAX = AnswerPage.answerBytesMax(100, 20);

const answer = fc.record({
  isFailure: fc.boolean(),
  json: fc
    .oneof(fc.string({ unit: 'grapheme' }), fc.string({ maxLength: 900 }))
    .map((text) => JSON.stringify(text))
    .filter((json) => Buffer.byteLength(json) <= BYTES_MAX),
  ms: fc.double({ min: 0, max: 1e9 }),
});

test('the host reads what the thread wrote, batch after batch, as long as there is room', () => {
  const memory = AnswerPage.memory(BYTES_MAX);
  const [thread, host] = [new AnswerPage(memory), new AnswerPage(memory)];
  fc.assert(
    fc.property(fc.array(answer, { maxLength: BATCH_JOBS_MAX, size: 'max' }), (answers) => {
      host.reset();
      expect([host.begun, host.answered, host.hasEnded]).toEqual([0, 0, false]);
      let at = 0;
      while (at < answers.length && thread.hasRoom(at, BYTES_MAX)) {
        thread.begin(at);
        expect([host.begun, host.answered]).toEqual([at + 1, at]);
        thread.write(at, answers[at]!);
        expect(host.answered).toBe(++at);
      }
      thread.end();
      expect(host.hasEnded).toBe(true);
      expect(at === answers.length || at > 3).toBe(true);
      for (let i = 0; i < at; i++) expect(host.read(i)).toEqual(answers[i]);
    }),
  );
});
