/**
 * Order among the tasks of one device thread: a long task asks for its turn between micro-batches, and gets it when no
 * interactive task (encode, search) is under way. Nothing is locked: commands of several tasks may follow each other on
 * the device in any order, because each task has its own buffers.
 */
import { setImmediate } from 'node:timers/promises';

/** Waits until a long task may go on. */
export type Turn = () => Promise<void>;

export class Scheduler {
  #interactive = 0;
  #waiting: (() => void)[] = [];

  /** Runs a short task ahead of the long ones. */
  async interactive<T>(work: () => Promise<T>): Promise<T> {
    this.#interactive++;
    try {
      return await work();
    } finally {
      this.#interactive--;
      if (this.#interactive === 0) for (const go of this.#waiting.splice(0)) go();
    }
  }

  /** Lets messages in, then waits for interactive tasks to end. */
  readonly turn: Turn = async () => {
    await setImmediate();
    while (this.#interactive > 0) await new Promise<void>((go) => this.#waiting.push(go));
  };
}
