/** What a run's figures depend on besides the code. */
import { spawnSync } from 'node:child_process';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';

const commit = () => {
  const { status, stdout } = spawnSync('git', ['rev-parse', '--short', 'HEAD'], {
    cwd: import.meta.dirname,
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
