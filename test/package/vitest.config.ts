import { defineConfig } from 'vitest/config';

/** The packed package and the kit for GPU machines, each in an empty folder: `npm run test:package`. */
export default defineConfig({
  test: {
    include: ['test/{package,kit}/**/*.test.ts'],
    testTimeout: 900_000,
    hookTimeout: 900_000,
    pool: 'forks',
    maxWorkers: 1,
  },
});
