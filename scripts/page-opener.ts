/**
 * Which program shows a page to the person at this machine. A command that is printed for them to type
 * has to work, and many servers and containers have neither the program nor a screen.
 */
import { delimiter, join } from 'node:path';
import { isRunnable } from '../engine/cache.ts';

/** `open`, `wslview` or `xdg-open` where that is on PATH and has a screen to show it on; else null. */
export async function pageOpener(
  env: NodeJS.ProcessEnv,
  platform: NodeJS.Platform = process.platform,
): Promise<string | null> {
  for (const program of candidates(env, platform)) {
    for (const folder of (env['PATH'] ?? '').split(delimiter)) {
      if (folder !== '' && (await isRunnable(join(folder, program)))) return program;
    }
  }
  return null;
}

function candidates(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): string[] {
  if (platform === 'darwin') return ['open'];
  // Windows itself shows what WSL2 hands it.
  const inWsl = (env['WSL_DISTRO_NAME'] ?? '') !== '';
  const hasScreen = (env['DISPLAY'] ?? '') !== '' || (env['WAYLAND_DISPLAY'] ?? '') !== '';
  return [...(inWsl ? ['wslview'] : []), ...(hasScreen ? ['xdg-open'] : [])];
}
