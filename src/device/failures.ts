/**
 * Collects the errors that a device reports after a call, and throws each at the next call of the task that caused it.
 * An error that belongs to no live task is thrown in whichever task calls next, because a device that reports late may
 * have invalidated anything.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { limitExceeded, type TandemError, unavailable } from '../errors.ts';

/** What a device reports about a call or a command. */
export interface Failure {
  readonly message: string;
  readonly outOfMemory: boolean;
}

/** Work whose commands and errors are its own, interleaved with other work on the same device. */
export interface Task {
  failure: Failure | undefined;
  ended: boolean;
}

export class Failures {
  /** Resolves when the device is lost, with the error that every later call throws. Never resolves after `destroy`. */
  readonly lost: Promise<TandemError>;
  readonly #tasks = new AsyncLocalStorage<Task>();
  /** Holds the errors of calls outside of tasks and of tasks that have ended. */
  readonly #nobody: Task = { failure: undefined, ended: false };
  /** The task whose call is in progress, or was the last. */
  #acting = this.#nobody;
  #lost: TandemError | undefined;
  #closed = false;

  #tellLost = (_error: TandemError): void => {};

  constructor() {
    this.lost = new Promise((resolve) => {
      this.#tellLost = resolve;
    });
  }

  /** Keeps an error for the task, or for the one whose call is in progress. The first one of a task counts. */
  report(failure: Failure, caused: Task = this.#acting): void {
    const task = caused.ended ? this.#nobody : caused;
    task.failure ??= failure;
  }

  /** Every later call throws. */
  lose(message: string): void {
    if (this.#lost !== undefined) return;
    this.#lost = unavailable(`the device was lost: ${message}`, {
      field: 'device',
      remedy: 'restart the service and resume the run',
    });
    this.#tellLost(this.#lost);
  }

  /** The task that the caller is part of. */
  get current(): Task {
    return this.#tasks.getStore() ?? this.#nobody;
  }

  /** Runs `work` as a task of its own. */
  async task<T>(work: () => Promise<T>): Promise<T> {
    const task: Task = { failure: undefined, ended: false };
    try {
      return await this.#tasks.run(task, work);
    } finally {
      task.ended = true;
    }
  }

  /** Attributes the errors of `call` to another task. */
  inNameOf(task: Task, call: () => void): void {
    this.#acting = task;
    try {
      call();
    } finally {
      this.#acting = this.current;
    }
  }

  /** Makes every later call throw. */
  close(): void {
    this.#closed = true;
  }

  /** The message of the caller's first error since the last take, which is then forgotten. */
  take(): string | undefined {
    const { current } = this;
    const message = current.failure?.message;
    current.failure = undefined;
    return message;
  }

  /**
   * Throws the error that was reported to the caller's task since its last check. The device stays usable after a
   * validation error.
   */
  check(doing: string): void {
    const { current } = this;
    this.#acting = current;
    if (this.#lost !== undefined) throw this.#lost;
    if (this.#closed) throw new Error(`${doing}: the device is already destroyed`);
    const guilty = current.failure === undefined ? this.#nobody : current;
    const { failure } = guilty;
    if (failure === undefined) return;
    guilty.failure = undefined;
    const message = `${doing}: ${failure.message}`;
    if (!failure.outOfMemory) throw new Error(message);
    throw limitExceeded(`the device is out of memory (${message})`, { remedy: 'use a smaller batch, length or model' });
  }
}
