// CPU time of a tree of processes, whoever of them has ended.
import { describe, expect, test } from 'vitest';
import type { ProcessStat } from '../../bench/compare/process-tree.ts';
import { ProcessTree } from '../../bench/compare/process-tree.ts';

const stat = (pid: number, parent: number, ticks: number, startTicks = pid): ProcessStat => ({
  pid,
  parent,
  ticks,
  startTicks,
  rssPages: 1,
});

/** Seconds of CPU after each of these looks at the machine. */
function cpuOf(roots: readonly number[], ...looks: readonly (readonly ProcessStat[])[]): number[] {
  let now: readonly ProcessStat[] = [];
  const tree = new ProcessTree(roots, () => now);
  for (const [i, look] of looks.entries()) {
    now = look;
    tree.sample(i);
  }
  return tree.samples.map(({ cpuSeconds }) => cpuSeconds);
}

describe('a process tree', () => {
  test('counts its roots and all below them, and nobody else', () => {
    const look = [
      stat(1, 0, 900),
      stat(10, 1, 100),
      stat(11, 10, 50),
      stat(12, 11, 25),
      stat(20, 1, 800),
    ];
    expect(cpuOf([10], look)).toEqual([1.75]);
  });

  test('counts a child that was waited for once, in its parent', () => {
    const before = [stat(10, 1, 100), stat(11, 10, 50)];
    const after = [stat(10, 1, 155)];
    expect(cpuOf([10], before, after)).toEqual([1.5, 1.55]);
  });

  test('keeps what a root that ended had used', () => {
    const before = [stat(10, 1, 100), stat(20, 1, 40)];
    expect(cpuOf([10, 20], before, [stat(20, 1, 60)])).toEqual([1.4, 1.6]);
  });

  test('keeps a process whose parent is gone, and not another of the same number', () => {
    const before = [stat(10, 1, 100), stat(11, 10, 50)];
    const orphan = [stat(11, 1, 70)];
    expect(cpuOf([10], before, orphan, [stat(11, 1, 500, 999)])).toEqual([1.5, 1.7, 1.7]);
  });

  test('is asked for the time between two moments, and for the most memory in it', () => {
    let ticks = 0;
    const tree = new ProcessTree([10], () => [stat(10, 1, ticks)]);
    for (let atMs = 0; atMs <= 1_000; atMs += 200) {
      ticks = atMs;
      tree.sample(atMs);
    }
    expect(tree.between(450, 750)).toEqual({ cpuSeconds: 4, peakRssBytes: 4_096 });
  });
});
