// Drives clients of other people against a real server of dist/ and prints which can do what: `npm run test:frontends`,
// with paths of tests behind it only those. Installs what package-lock.json names, where it has changed; puts the built
// packages where npm would install them; has Relay and GraphQL codegen compile their documents; checks the types.
import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '../..');
const modules = join(here, 'node_modules');

const lock = join(here, 'package-lock.json');
const installed = join(modules, 'installed-lock.json');
if (!existsSync(installed) || readFileSync(lock, 'utf8') !== readFileSync(installed, 'utf8')) {
  run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund']);
  copyFileSync(lock, installed);
}

for (const name of readdirSync(join(root, 'dist/packages'))) {
  const folder = join(root, 'dist/packages', name);
  const target = join(modules, JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).name);
  rmSync(target, { recursive: true, force: true });
  cpSync(folder, target, { recursive: true });
}

const generated = join(here, 'generated');
rmSync(generated, { recursive: true, force: true });
mkdirSync(join(generated, 'relay'), { recursive: true });
copyFileSync(join(root, 'docs/schema.graphql'), join(generated, 'schema.graphql'));
run(join(modules, '.bin/relay-compiler'), ['relay.config.json']);
run(join(modules, '.bin/graphql-codegen'), ['--config', 'codegen.ts']);

const bin = (name) => join(root, 'node_modules/.bin', name);
run(bin('tsc'), ['-p', 'tsconfig.json']);
run(bin('vitest'), ['run', '--config', 'vitest.config.mjs', ...process.argv.slice(2)]);

/** Runs a command here; ends with its code where it fails. */
function run(command, args) {
  const { status, error } = spawnSync(command, args, { cwd: here, stdio: 'inherit' });
  if (error !== undefined) throw error;
  if (status !== 0) process.exit(status ?? 1);
}
