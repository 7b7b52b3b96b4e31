/**
 * Takes QUEUED runs one at a time, oldest first, as long as the threads live. It sleeps until woken: by an enqueued run
 * (after the commit), by the end of the one before, once at start, and some seconds after the queue could not be read;
 * where other hosts queue runs too, by a look every now and then.
 */

import { type ExecutionContext, executeAttempt, leaveAttempt, type StopReason } from './execution.ts';
import type { RunQueue } from './queue.ts';
import type { Attempt } from './store.ts';

const readAgainMs = 5_000;

export class RunWorker {
  readonly #closing = new AbortController();
  readonly #context: ExecutionContext;
  readonly #queue: RunQueue | undefined;
  #current: { readonly attempt: Attempt; readonly stop: AbortController; readonly ended: Promise<void> } | undefined;
  #loop: Promise<void> | undefined;
  #again = false;
  #retry: NodeJS.Timeout | undefined;
  #stopping = false;
  #reportedDeath = false;

  /** Without a queue it never takes any. */
  constructor(context: Omit<ExecutionContext, 'closing'>, queue: RunQueue | undefined) {
    this.#context = { ...context, closing: this.#closing.signal };
    this.#queue = queue;
  }

  wake(): void {
    if (!this.#queue) return;
    this.#again = true;
    if (this.#stopping || this.#loop) return;
    clearTimeout(this.#retry);
    this.#retry = undefined;
    this.#loop = this.#drain()
      .catch((error: unknown) => {
        this.#context.log.error({ error }, 'runs could not be taken from the queue');
        clearTimeout(this.#retry);
        this.#retry = setTimeout(() => this.wake(), readAgainMs).unref();
      })
      .finally(() => {
        this.#loop = undefined;
        if (this.#again) this.wake();
      });
  }

  /** Wakes the worker unless it is busy or waits to read the queue again after a failure. */
  look(): void {
    if (!this.#loop && !this.#retry) this.wake();
  }

  /** The id of the run that runs here, or none. */
  running(): readonly string[] {
    return this.#current ? [this.#current.attempt.runId] : [];
  }

  /**
   * Stops the run if it is the one that runs here; resolves when its attempt has ended. False = it does not run here.
   */
  async cancel(runId: string): Promise<boolean> {
    const current = this.#current;
    if (current?.attempt.runId !== runId) return false;
    current.stop.abort('cancel' satisfies StopReason);
    await current.ended;
    return true;
  }

  /** Interrupts the running attempt; resolves when it has ended. No other starts. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#again = false;
    this.#closing.abort();
    this.#current?.stop.abort('stop' satisfies StopReason);
    await this.#loop;
  }

  /** Marks an attempt that did not end after {@link stop} as INTERRUPTED. */
  async leave(): Promise<void> {
    if (this.#current) await leaveAttempt(this.#context, this.#current.attempt);
  }

  async #drain(): Promise<void> {
    for (;;) {
      this.#again = false;
      const attempt = this.#mayClaim() ? await this.#queue?.take() : undefined;
      if (!attempt) return;
      this.#context.notifier.wake(attempt.runId);
      const stop = new AbortController();
      if (this.#stopping) stop.abort('stop' satisfies StopReason);
      const ended = executeAttempt(this.#context, attempt, stop);
      this.#current = { attempt, stop, ended };
      await ended;
      this.#current = undefined;
    }
  }

  /** Without its threads every run would end as soon as it is taken: they wait for the next start instead. */
  #mayClaim(): boolean {
    const { threads, log } = this.#context;
    const death = threads.device.death ?? threads.cpu.death;
    if (!death || this.#stopping) return !this.#stopping;
    if (!this.#reportedDeath)
      log.error({ error: death }, 'a thread has ended; queued runs wait until Tandem is started again');
    this.#reportedDeath = true;
    return false;
  }
}
