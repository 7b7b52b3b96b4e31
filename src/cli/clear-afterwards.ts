/**
 * A small process beside a command that made something for a moment: clears it away once the command is gone, however it
 * ended. Started as `node clear-afterwards.js <pid> <what, as JSON>`; the command ends it when it has cleared up itself.
 */
import { readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** What a command leaves where it is killed. */
export interface Leftover {
  readonly folder: string;
  /** A model that it gave a running service, by the name and key of the import. */
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

/** Folder of the embedded database's socket, as db/ notes it. */
function socketFolder(): string | undefined {
  try {
    const path = readFileSync(join(folder, 'database.socket'), 'utf8').trim();
    return basename(path).startsWith('tandem-') ? path : undefined;
  } catch {
    return undefined;
  }
}

/** Twice: the request may have been on its way when the command went. */
async function takeBack(): Promise<void> {
  if (!guest) return;
  const { retractModel } = await import('./retract-model.ts');
  for (const ms of [0, 1_000]) {
    await pause(ms);
    await retractModel(guest).catch(() => {});
  }
}

const timer = setInterval(() => {
  if (isAlive()) return;
  clearInterval(timer);
  for (const path of [socketFolder(), folder]) {
    if (path) rmSync(path, { recursive: true, force: true, maxRetries: 5 });
  }
  void takeBack();
}, 100);
// A terminal's Ctrl+C goes to both processes.
for (const name of ['SIGINT', 'SIGHUP'] as const) process.on(name, () => {});
