/**
 * Writes the progress of a job: the newest value, one write at a time; values in between are skipped. At first every
 * 250 ms; the longer a job takes the more seldom, so that its events stay few.
 */
import type { JobProgress } from '../../db/schema/types.ts';

const shortestMs = 250;
const longestMs = 5_000;

export class ProgressWriter {
  readonly #write: (value: JobProgress) => Promise<void>;
  readonly #began = performance.now();
  #next: JobProgress | undefined;
  #timer: NodeJS.Timeout | undefined;
  #last: Promise<void> = Promise.resolve();

  constructor(write: (value: JobProgress) => Promise<void>) {
    this.#write = write;
  }

  set(value: JobProgress): void {
    this.#next = value;
    this.#timer ??= setTimeout(() => this.#flush(), this.#pauseMs());
  }

  /** Writes the last value at once. Resolves when it is written. */
  end(): Promise<void> {
    clearTimeout(this.#timer);
    this.#flush();
    return this.#last;
  }

  #pauseMs(): number {
    return Math.min(longestMs, Math.max(shortestMs, (performance.now() - this.#began) / 100));
  }

  #flush(): void {
    this.#timer = undefined;
    const value = this.#next;
    this.#next = undefined;
    if (value) this.#last = this.#last.then(() => this.#write(value));
  }
}
