// Ctrl-C as a value: the first lets everything end in order, the second ends at once.
import { expect, test } from 'vitest';
import { InterruptedError, listenForInterruption, pause } from '../../scripts/interruption.ts';
import { fakePlace } from './fake-place.ts';

const never = new Promise<never>(() => undefined);

test('work that is waited for gives its outcome, or ends at Ctrl-C', async () => {
  const place = fakePlace('');
  const interruption = listenForInterruption(place);
  expect(await interruption.race(Promise.resolve(7))).toBe(7);
  await expect(interruption.race(Promise.reject(new Error('it failed')))).rejects.toThrow(
    'it failed',
  );
  const waiting = interruption.race(never);
  place.interrupt();
  await expect(waiting).rejects.toMatchObject({ exitCode: 130 });
  await expect(interruption.race(never)).rejects.toThrow(InterruptedError);
  expect(interruption.signal.aborted).toBe(true);
  expect(place.printed.err).toBe('Interrupted: ending in order. Once more ends at once.\n');
});

test('the second Ctrl-C ends the process with 130', () => {
  const place = fakePlace('');
  listenForInterruption(place);
  place.interrupt();
  expect(place.exits).toEqual([]);
  place.interrupt();
  expect(place.exits).toEqual([130]);
});

test('after its end Ctrl-C is no longer its business', () => {
  const place = fakePlace('');
  const interruption = listenForInterruption(place);
  interruption.end();
  place.interrupt();
  expect(interruption.signal.aborted).toBe(false);
});

test('a pause ends at once when it is cut short', async () => {
  const controller = new AbortController();
  const long = pause(60_000, controller.signal);
  controller.abort();
  await long;
  await pause(60_000, controller.signal);
});
