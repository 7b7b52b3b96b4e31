import { defineConfig } from 'vitest/config';

/** Forked processes, few of them: VK_* is read in a process's main thread, and every process compiles its kernels once. */
export default defineConfig({
  // Vite would take graphql's ES build, the libraries beside it load its CommonJS build: two realms that refuse each other.
  resolve: { alias: [{ find: /^graphql$/, replacement: `${import.meta.dirname}/node_modules/graphql/index.js` }] },
  test: {
    pool: 'forks',
    maxWorkers: 2,
    isolate: false,
    include: ['test/**/*.test.ts'],
    exclude: ['test/faults/**', 'test/bench/**', 'test/{package,kit,frontends}/**', 'test/fixtures/**'],
    setupFiles: ['test/setup.ts'],
    // What kernels are tested on; `npm run test:adapters` does it on every adapter there is.
    env: { TANDEM_TEST_ADAPTER: process.env['TANDEM_TEST_ADAPTER'] || 'cpu' },
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
