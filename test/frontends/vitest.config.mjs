import { transformAsync } from '@babel/core';
import { defineConfig } from 'vitest/config';
import { CapabilityTable } from './capability-table.ts';

/** Documents of Relay become imports of what relay-compiler made of them, as Relay's guide sets it up. */
const relay = {
  name: 'relay',
  transform(code, id) {
    if (!code.includes('graphql`')) return undefined;
    const options = { eagerEsModules: true, artifactDirectory: `${import.meta.dirname}/generated/relay` };
    return transformAsync(code, { plugins: [['babel-plugin-relay', options]], filename: id, sourceMaps: true });
  },
};

/** Real clients against a real server, one file a client: `npm run test:frontends`. */
export default defineConfig({
  root: import.meta.dirname,
  plugins: [relay],
  test: {
    include: ['**/*.test.{ts,tsx}'],
    exclude: ['node_modules/**'],
    globalSetup: ['server.ts'],
    reporters: ['default', new CapabilityTable()],
    testTimeout: 120_000,
    hookTimeout: 600_000,
    pool: 'forks',
    maxWorkers: 1,
  },
});
