/**
 * Where the workflow code and its prebuilt bundle stand, for those who build it and those who load it.
 */
import { fileURLToPath } from 'node:url';
import type { BundleOptions } from '@temporalio/worker';

/** Source and compiled code are laid out alike and differ in their ending. */
const ending = import.meta.url.endsWith('.ts') ? '.ts' : '.js';

function beside(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url));
}

/** The converter that turns an undecodable signal into a value, loaded on both sides of the sandbox. */
export const payloadConverterPath = beside(`../workflows/payload-converter${ending}`);

/** What `build-bundle` writes, in the folder of the compiled code. */
export const bundlePath = beside('../workflow-bundle.js');

/** The same options for the prebuilt bundle and for tests that bundle on their own. */
export const bundleOptions: BundleOptions = {
  workflowsPath: beside(`../workflows/index${ending}`),
  payloadConverterPath,
  workflowInterceptorModules: [beside(`../workflows/query-guard${ending}`)],
};
