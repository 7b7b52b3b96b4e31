/**
 * Priority among the tasks of one device thread: a long task asks for its turn between micro-batches and gets it when
 * no interactive task (encode, search) is in progress, or after a bounded wait. There is no mutex: commands of several
 * tasks may interleave on the device, because each task has its own buffers.
 */
import { setImmediate } from 'node:timers/promises';

/** Resolves when a long task may go on. */
export type Turn = () => Promise<void>;

export class Scheduler {
  readonly #longestWaitMs: number;
  readonly #lingerMs: number;
  #interactive = 0;
  readonly #waiting = new Set<() => void>();

  /**
   * `longestWaitMs` bounds the wait for interactive tasks: a steady flow of them slows a long task down but neither
   * starves it nor delays its abort for long. `lingerMs`: long tasks wait so long after a short one for the next, since
   * a search is two of them, which would else wait for a piece each.
   */
  constructor(longestWaitMs: number, lingerMs = 0) {
    this.#longestWaitMs = longestWaitMs;
    this.#lingerMs = lingerMs;
  }

  /** Runs a short task ahead of the long ones. */
  async interactive<T>(work: () => Promise<T>): Promise<T> {
    this.#interactive++;
    try {
      return await work();
    } finally {
      if (this.#lingerMs === 0) this.#ended();
      else setTimeout(() => this.#ended(), this.#lingerMs);
    }
  }

  #ended(): void {
    this.#interactive--;
    if (this.#interactive === 0) for (const go of this.#waiting) go();
  }

  /** Yields to the event loop, then waits for interactive tasks to end, at most `longestWaitMs`. */
  readonly turn: Turn = async () => {
    await setImmediate();
    if (this.#interactive > 0) await this.#lull();
  };

  #lull(): Promise<void> {
    return new Promise((resolve) => {
      const go = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(go);
        resolve();
      };
      const timer = setTimeout(go, this.#longestWaitMs);
      this.#waiting.add(go);
    });
  }
}
