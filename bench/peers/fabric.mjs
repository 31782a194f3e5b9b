// The fabric's process: what it does stands in bench/compare/fabric.ts, built.
import { FabricUnderTest } from '../../dist/bench/compare/fabric.js';
import { serve } from './line.mjs';

await serve(async (order) => {
  // The product's own processes are found by the built command line, and nothing is read from the folder of the caller.
  process.chdir(order.folder);
  return await FabricUnderTest.open(order);
});
