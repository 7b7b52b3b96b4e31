// Installs the packages that a folder's package-lock.json names, and the built ones of dist/packages as npm would.
import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '../..');

/** Leaves what is installed where the lock file has not changed since. Throws where npm fails. */
export function install(folder) {
  const modules = join(folder, 'node_modules');
  const lock = join(folder, 'package-lock.json');
  const installed = join(modules, 'installed-lock.json');
  if (!existsSync(installed) || readFileSync(lock, 'utf8') !== readFileSync(installed, 'utf8')) {
    run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], folder);
    copyFileSync(lock, installed);
  }
  for (const name of readdirSync(join(root, 'dist/packages'))) {
    const built = join(root, 'dist/packages', name);
    const target = join(modules, JSON.parse(readFileSync(join(built, 'package.json'), 'utf8')).name);
    rmSync(target, { recursive: true, force: true });
    cpSync(built, target, { recursive: true });
  }
}

/** Runs a command in a folder, not as a part of a test: Vite would build for development. Throws where it fails. */
export function run(command, args, cwd, environment = {}) {
  const { NODE_ENV: _, ...env } = process.env;
  const { status, error } = spawnSync(command, args, { cwd, env: { ...env, ...environment }, stdio: 'inherit' });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}`);
}
