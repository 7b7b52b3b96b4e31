/**
 * A small process that runs beside a command with temporary files, and removes them once the command has ended, also by
 * kill -9. Started as `node clear-afterwards.js <pid> <Leftover as JSON>`; the command ends it after its own clean-up.
 */
import { readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** What a command leaves behind if it is killed. */
export interface Leftover {
  readonly folder: string;
  /** A temporary model in a running service; `name` is also the idempotency key of its import. */
  readonly guest?: { readonly url: string; readonly name: string };
}

const [pid, what = '{}'] = process.argv.slice(2);
const { folder, guest } = JSON.parse(what) as Leftover;

const isAlive = (): boolean => {
  try {
    process.kill(Number(pid), 0);
    return true;
  } catch {
    return false;
  }
};

/** Folder of the embedded database's socket, whose path db/ writes into the data folder. */
function socketFolder(): string | undefined {
  try {
    const path = readFileSync(join(folder, 'database.socket'), 'utf8').trim();
    return basename(path).startsWith('tandem-') ? path : undefined;
  } catch {
    return undefined;
  }
}

/** Runs twice: the request to import may still have been on its way when the command ended. */
async function retractGuest(): Promise<void> {
  if (!guest) return;
  const { retractModel } = await import('./retract-model.ts');
  for (const ms of [0, 1_000]) {
    await pause(ms);
    await retractModel(guest, process.env['TANDEM_API_KEY']).catch(() => {});
  }
}

const timer = setInterval(() => {
  if (isAlive()) return;
  clearInterval(timer);
  for (const path of [socketFolder(), folder]) {
    if (path) rmSync(path, { recursive: true, force: true, maxRetries: 5 });
  }
  void retractGuest();
}, 100);
// Ctrl+C in a terminal reaches both processes; this one has to outlive the command.
for (const name of ['SIGINT', 'SIGHUP'] as const) process.on(name, () => {});
