/**
 * A small process beside a command with a temporary data folder: removes the folder once the command is gone, however it
 * ended. Started as `node remove-afterwards.js <pid> <folder>`; the command ends it when it has removed the folder itself.
 */
import { readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';

const [pid, folder] = process.argv.slice(2);

const isAlive = (): boolean => {
  try {
    process.kill(Number(pid), 0);
    return true;
  } catch {
    return false;
  }
};

/** Folder of the embedded database's socket, as db/ notes it. */
function socketFolder(): string | undefined {
  try {
    const path = readFileSync(join(folder ?? '', 'database.socket'), 'utf8').trim();
    return basename(path).startsWith('tandem-') ? path : undefined;
  } catch {
    return undefined;
  }
}

const timer = setInterval(() => {
  if (isAlive()) return;
  clearInterval(timer);
  for (const path of [socketFolder(), folder]) {
    if (path) rmSync(path, { recursive: true, force: true, maxRetries: 5 });
  }
}, 100);
// A terminal's Ctrl+C goes to both processes.
for (const name of ['SIGINT', 'SIGHUP'] as const) process.on(name, () => {});
