/** Everybody that takes part, the fabric first. */
import type { Contender, Outsider } from './contender.ts';
import { FABRIC } from './fabric.ts';
import { PEERS } from './peers.ts';

export const CONTENDERS: readonly Contender[] = [FABRIC, ...PEERS];

/** Those that are named, so that nobody takes their absence for a verdict. */
export const OUTSIDERS: readonly Outsider[] = [
  {
    name: 'restate',
    title: 'Restate',
    why: 'its server comes as a package of 220 MB under the Business Source License, whose dependencies report their installation when their scripts may run; nobody should have that by installing the peers',
  },
];
