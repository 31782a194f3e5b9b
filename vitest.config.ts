import { defineConfig } from 'vitest/config';

// Server tests share one embedded Temporal server and two cores, so files run one after another.
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // It writes recordings and tests nothing: `npm run record:histories`.
    exclude:
      process.env['FABRIC_TESTS'] === 'record' ? [] : ['test/workflows/record-histories.test.ts'],
    pool: 'forks',
    fileParallelism: false,
    // .ci/run counts tests from the file.
    reporters: process.env['CI'] ? ['default', 'json'] : ['default'],
    outputFile: { json: 'reports/vitest.json' },
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
