/** Everybody that takes part, the fabric first. */
import type { Contender } from './contender.ts';
import { FABRIC } from './fabric.ts';
import { PEERS } from './peers.ts';

export const CONTENDERS: readonly Contender[] = [FABRIC, ...PEERS];
