/**
 * Takes QUEUED runs one at a time, oldest first, as long as the device thread lives. It sleeps until woken: by an enqueued
 * run (after the commit), by the end of the one before, and once at start.
 */

import type { Host } from './host.ts';
import { type ExecutionContext, executeAttempt, type StopReason } from './run-execution.ts';
import { claimRun } from './run-store.ts';

export class RunWorker {
  readonly #context: ExecutionContext;
  readonly #host: Host;
  #current: { readonly runId: string; readonly stop: AbortController; readonly ended: Promise<void> } | undefined;
  #loop: Promise<void> | undefined;
  #again = false;
  #stopping = false;

  constructor(context: ExecutionContext, host: Host) {
    this.#context = context;
    this.#host = host;
  }

  wake(): void {
    this.#again = true;
    if (this.#stopping || this.#loop) return;
    this.#loop = this.#drain()
      .catch((error: unknown) => this.#context.log.error({ error }, 'runs could not be taken from the queue'))
      .finally(() => {
        this.#loop = undefined;
        if (this.#again) this.wake();
      });
  }

  /** Stops the run if it is the one that runs here; resolves when its attempt has ended. False = it does not run here. */
  async cancel(runId: string): Promise<boolean> {
    const current = this.#current;
    if (current?.runId !== runId) return false;
    current.stop.abort('cancel' satisfies StopReason);
    await current.ended;
    return true;
  }

  /** Interrupts the running attempt; resolves when it has ended. No other is begun. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#again = false;
    this.#current?.stop.abort('stop' satisfies StopReason);
    await this.#loop;
  }

  async #drain(): Promise<void> {
    for (;;) {
      this.#again = false;
      const attempt = this.#stopping ? undefined : await claimRun(this.#context.db, this.#host);
      if (!attempt) return;
      this.#context.wakeups.wake(attempt.runId);
      const stop = new AbortController();
      if (this.#stopping) stop.abort('stop' satisfies StopReason);
      const ended = executeAttempt(this.#context, attempt, stop);
      this.#current = { runId: attempt.runId, stop, ended };
      await ended;
      this.#current = undefined;
    }
  }
}
