// Drives clients of other people against a real server of dist/ and prints which can do what: `npm run test:frontends`,
// with paths of tests behind it only those. Installs what package-lock.json names, where it has changed; has Relay and
// GraphQL codegen compile their documents; checks the types.
import { copyFileSync, mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { install, root, run } from './install.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const generated = join(here, 'generated');
const own = (name) => join(here, 'node_modules/.bin', name);
const ofRoot = (name) => join(root, 'node_modules/.bin', name);

try {
  install(here);
  rmSync(generated, { recursive: true, force: true });
  mkdirSync(join(generated, 'relay'), { recursive: true });
  copyFileSync(join(root, 'docs/schema.graphql'), join(generated, 'schema.graphql'));
  run(own('relay-compiler'), ['relay.config.json'], here);
  run(own('graphql-codegen'), ['--config', 'codegen.ts'], here);
  run(ofRoot('tsc'), ['-p', 'tsconfig.json'], here);
  run(ofRoot('vitest'), ['run', '--config', 'vitest.config.mjs', ...process.argv.slice(2)], here);
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
