/** Writes the progress of a job to its row, at most every 250 ms. */
import type { JobProgress } from '../../db/schema/types.ts';

const intervalMs = 250;

/** Writes the newest value, one write at a time; values in between are skipped. */
export class ProgressWriter {
  readonly #write: (value: JobProgress) => Promise<void>;
  #next: JobProgress | undefined;
  #timer: NodeJS.Timeout | undefined;
  #last: Promise<void> = Promise.resolve();

  constructor(write: (value: JobProgress) => Promise<void>) {
    this.#write = write;
  }

  set(value: JobProgress): void {
    this.#next = value;
    this.#timer ??= setTimeout(() => this.#flush(), intervalMs);
  }

  /** Writes the last value at once. Resolves when it is written. */
  end(): Promise<void> {
    clearTimeout(this.#timer);
    this.#flush();
    return this.#last;
  }

  #flush(): void {
    this.#timer = undefined;
    const value = this.#next;
    this.#next = undefined;
    if (value) this.#last = this.#last.then(() => this.#write(value));
  }
}
