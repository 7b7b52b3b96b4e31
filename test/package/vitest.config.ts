import { defineConfig } from 'vitest/config';

/** The packed package in an empty folder: `npm run test:package`. */
export default defineConfig({ test: { include: ['test/package/**/*.test.ts'], testTimeout: 900_000, pool: 'forks' } });
