/**
 * Fencing tokens: what an answer for a lease must carry to count. A lease's number is never used again by its
 * shard, and the incarnation says which start of its node it was given to.
 */

/** The fence of a lease that is given to such an incarnation of its node. */
export function fenceOf(incarnation: number, lease: number): string {
  return `${incarnation}.${lease}`;
}

/** To which incarnation of its node a lease under this fence was given. */
export function incarnationOf(fence: string): number {
  return Number(fence.slice(0, fence.indexOf('.')));
}
