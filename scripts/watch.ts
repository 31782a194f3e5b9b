/** `planetary-fabric watch`: the live view of a running fabric. Leaving it changes nothing. */
import type { Command } from 'commander';
import type { CommandContext } from './command-context.ts';
import { whySilent } from './disk-room.ts';
import { EXIT } from './exit-code.ts';
import type { FabricAccess } from './fabric-access.ts';
import { fetchStatus, isOpen, lookAt } from './fabric-access.ts';
import { pause } from './interruption.ts';
import type { LiveDisplay } from './live-display.ts';
import { liveDisplay } from './live-display.ts';
import { fabricOption } from './options.ts';
import type { Place } from './place.ts';
import { say } from './place.ts';
import { Samples } from './run-watch.ts';

const LOOK_EVERY_MS = 500;

/** Adds the command. */
export function addWatch(program: Command, context: CommandContext): void {
  const command = program
    .command('watch')
    .description('the live view of a running fabric; Ctrl-C leaves it, the fabric runs on')
    .addHelpText('after', '\nExample:\n  planetary-fabric watch --fabric site-b');
  fabricOption(command).action(async (options: { readonly fabric?: string }) => {
    const { place } = context;
    const access = await context.accessFabric(options.fabric);
    const display = liveDisplay(place.out);
    const leaving = new AbortController();
    const stopListening = place.onInterrupt(() => leaving.abort());
    try {
      await lookAt(access);
      await follow(access, display, leaving.signal, context.place);
      display.end();
      if (!leaving.signal.aborted) say(place.out, `The fabric "${access.fabric}" has been closed.`);
      context.endWith(EXIT.done);
    } finally {
      stopListening();
      display.end();
      await access.close();
    }
  });
}

/** Shows the status until the fabric is closed or the watcher leaves. */
async function follow(
  access: FabricAccess,
  display: LiveDisplay,
  leaving: AbortSignal,
  place: Place,
): Promise<void> {
  const samples = new Samples();
  while (!leaving.aborted) {
    const shown = await fetchStatus(access).catch(() => null);
    if (!(await isOpen(access))) return;
    if (shown !== null) samples.add(shown);
    const status = shown?.status ?? null;
    const { now, earlier } = samples;
    const note =
      status === null ? `the server answers, but ${await whySilent(access, place)}` : null;
    if (now !== null) display.show({ now, earlier, uiUrl: access.uiUrl, note });
    if (status?.state === 'closed') return;
    await pause(LOOK_EVERY_MS, leaving);
  }
}
