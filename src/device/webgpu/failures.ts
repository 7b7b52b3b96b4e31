/**
 * Collects what the device reports on the side, so that it is thrown at the next call of the task that caused it and never
 * swallowed. Dawn validates while it is called and reports then and there (seen with webgpu 0.6.2), so an error belongs to
 * the task whose call is under way. One of no live task ends whichever task calls next: a device that reports late may have
 * spoilt anything.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { limitExceeded, type TandemError, unavailable } from '../../errors.ts';

/** Work whose commands and errors are its own, interleaved with other work on the same device. */
export interface Task {
  failure: GPUError | undefined;
  ended: boolean;
}

export class Failures {
  /** Resolves when the device is lost, with what every call throws from then on; never where it was destroyed on purpose. */
  readonly lost: Promise<TandemError>;
  readonly #tasks = new AsyncLocalStorage<Task>();
  /** Takes the errors of calls outside of tasks, and what comes when its task has ended. */
  readonly #nobody: Task = { failure: undefined, ended: false };
  /** Whose call is under way, or was the last. */
  #acting = this.#nobody;
  #lost: TandemError | undefined;
  #closed = false;

  constructor(device: GPUDevice) {
    device.addEventListener('uncapturederror', (event) => {
      event.preventDefault();
      const task = this.#acting.ended ? this.#nobody : this.#acting;
      task.failure ??= event.error;
    });
    this.lost = new Promise((resolve) => {
      void device.lost.then(({ reason, message }) => {
        if (reason === 'destroyed') return;
        this.#lost = unavailable(`the GPU device was lost: ${message}`, {
          field: 'device',
          remedy: 'restart the service and resume the run',
        });
        resolve(this.#lost);
      });
    });
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

  /** Calls the device in the name of another task. */
  inNameOf(task: Task, call: () => void): void {
    this.#acting = task;
    try {
      call();
    } finally {
      this.#acting = this.current;
    }
  }

  /** From here on every call is refused. */
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

  /** Throws what was reported to the caller since its last check. The device stays usable after a validation error. */
  check(doing: string): void {
    const { current } = this;
    this.#acting = current;
    if (this.#lost !== undefined) throw this.#lost;
    if (this.#closed) throw new Error(`${doing}: the GPU device is already destroyed`);
    const guilty = current.failure === undefined ? this.#nobody : current;
    const { failure } = guilty;
    if (failure === undefined) return;
    guilty.failure = undefined;
    const message = `${doing}: ${failure.message}`;
    if (failure.constructor.name !== 'GPUOutOfMemoryError') throw new Error(message);
    throw limitExceeded(`the GPU is out of memory (${message})`, { remedy: 'use a smaller batch, length or model' });
  }
}
