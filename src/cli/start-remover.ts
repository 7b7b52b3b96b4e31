/** Starts the process that removes a command's temporary files if the command is killed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Leftover } from './clear-afterwards.ts';

/**
 * Returns the process, to be ended once this one has removed the files itself. The key for a running service is in its
 * environment: everybody may read the arguments of a process.
 */
export function startRemover(leftover: Leftover, key?: string): ChildProcess {
  const script = fileURLToPath(new URL('./clear-afterwards.js', import.meta.url));
  const values = [script, String(process.pid), JSON.stringify(leftover)];
  const remover = spawn(process.execPath, values, {
    env: { ...process.env, TANDEM_API_KEY: key },
    detached: true,
    stdio: 'ignore',
  });
  remover.on('error', () => {});
  remover.unref();
  return remover;
}
