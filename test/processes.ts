import { execFileSync } from 'node:child_process';

/** True for a process that is there and no zombie. */
export function isAlive(pid: number): boolean {
  return liveProcesses().some((line) => line.trimStart().startsWith(`${pid} `));
}

/** Id, state and command line of the live processes whose command line holds the text. */
export function processLines(text: string): string[] {
  return liveProcesses().filter((line) => line.includes(text));
}

function liveProcesses(): string[] {
  const all = execFileSync('ps', ['-A', '-ww', '-o', 'pid=,stat=,args='], { encoding: 'utf8' });
  return all.split('\n').filter((line) => !/^\s*\d+ Z/.test(line));
}
