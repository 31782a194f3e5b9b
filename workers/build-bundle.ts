/**
 * Bundles the workflow code once, when the package is built, so that no start pays for it. Exits 0 only
 * when the bundle is written whole.
 */
import { renameSync, writeFileSync } from 'node:fs';
import { DefaultLogger, bundleWorkflowCode } from '@temporalio/worker';
import { bundleOptions, bundlePath } from './workflow-bundle.ts';

const logger = new DefaultLogger('WARN');
const { code } = await bundleWorkflowCode({ ...bundleOptions, logger });
const unfinished = `${bundlePath}.${process.pid}`;
writeFileSync(unfinished, code);
renameSync(unfinished, bundlePath);
process.stdout.write(`workflow bundle: ${Math.round(code.length / 1024)} KB\n`);
