/** Starts the small process that clears up after this one. */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Leftover } from './clear-afterwards.ts';

/** Clears up where this process cannot: when it is killed. */
export function startRemover(leftover: Leftover): ChildProcess {
  const script = fileURLToPath(new URL('./clear-afterwards.js', import.meta.url));
  const values = [script, String(process.pid), JSON.stringify(leftover)];
  const remover = spawn(process.execPath, values, { detached: true, stdio: 'ignore' });
  remover.on('error', () => {});
  remover.unref();
  return remover;
}
