/**
 * `npm run test:faults -- NAME` runs test/faults/NAME.test.ts: what a user's machine does to a server, done to real
 * processes of dist/. Not part of `npm test`, because each takes minutes.
 */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 1,
    include: ['test/faults/**/*.test.ts'],
    testTimeout: 2_700_000,
    hookTimeout: 60_000,
    disableConsoleIntercept: true,
  },
});
