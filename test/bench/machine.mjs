/** What a run's figures depend on besides the code. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');

/** The checkout's commit; null where the bench was copied out of one. */
const commit = () => {
  if (!existsSync(join(root, '.git'))) return null;
  const { status, stdout } = spawnSync('git', ['rev-parse', '--short', 'HEAD'], {
    cwd: root,
    encoding: 'utf8',
  });
  return status === 0 ? stdout.trim() : null;
};

export const machineOf = ({ name, driver, backend, software, notice }, threads) => ({
  processor: cpus()[0]?.model.trim() ?? 'unknown',
  cores: availableParallelism(),
  memoryGB: Math.round(totalmem() / 1e9),
  system: `${process.platform} ${process.arch}`,
  node: process.version,
  adapter: { name, driver, backend, software, notice: notice ?? null },
  threads,
  commit: commit(),
});

export const loadNow = () => loadavg().map((load) => Math.round(load * 100) / 100);
