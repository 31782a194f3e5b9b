import { defineConfig } from 'vitest/config';

// Server tests share one embedded Temporal server and two cores, so files run one after another.
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
