import { defineConfig } from 'vitest/config';

/** Forked processes, few of them: VK_* is read in a process's main thread, and every process compiles its kernels once. */
export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    isolate: false,
    include: ['test/**/*.test.ts'],
    exclude: ['test/faults/**', 'test/bench/**', 'test/package/**', 'test/fixtures/**'],
    setupFiles: ['test/setup.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
