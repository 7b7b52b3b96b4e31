/**
 * What a user of the published package gets: npm pack, an install in an empty folder, and the binary's quickstart
 * there.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';

const root = resolve(fileURLToPath(import.meta.url), '../../..');
const folder = mkdtempSync(join(tmpdir(), 'tandem-package-'));

/** Runs a command; its stdout. Its stderr is shown. */
const run = (command: string, args: readonly string[], cwd: string): string =>
  execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 1 << 28 });

afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('installs from its tarball and runs the quickstart', () => {
  run('npm', ['pack', '--pack-destination', folder], root);
  const [tarball] = readdirSync(folder).filter((name) => name.endsWith('.tgz'));
  const project = mkdtempSync(join(folder, 'project-'));
  writeFileSync(join(project, 'package.json'), '{ "name": "a-user", "private": true, "type": "module" }');
  run('npm', ['install', join(folder, tarball)], project);

  const output = run('npx', ['tandem', 'quickstart', '--exit', '--json'], project);
  const report = JSON.parse(output.trim().split('\n').at(-1) ?? '');
  expect(report.scores.checkpoints.length).toBeGreaterThan(0);
  expect(report.searches).toHaveLength(3);

  const client =
    "import { createClient } from 'tandem/client'; console.log(typeof createClient({ url: 'http://127.0.0.1:1' }).execute)";
  expect(run('node', ['--input-type=module', '-e', client], project).trim()).toBe('function');
});
