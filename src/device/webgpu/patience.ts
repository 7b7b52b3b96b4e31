/**
 * Waits for the device without busy-waiting. While one of its promises is pending, Dawn's Node binding polls in every
 * turn of the event loop (seen with webgpu 0.6.2) and keeps a whole core busy, which a software adapter needs for
 * itself. So while something is awaited, every turn of the loop sleeps: not in the first half millisecond, so that
 * short waits stay short, then for a twentieth of the time waited so far, at most a millisecond.
 */
const freshMs = 0.5;
const longestMs = 1;

export class Patience {
  /** Atomics.wait sleeps on it; it is never notified. */
  readonly #cell = new Int32Array(new SharedArrayBuffer(4));
  #open = 0;
  #since = 0;
  #ticking = false;

  /** Awaits a promise of the device. */
  async for<T>(promise: Promise<T>): Promise<T> {
    this.#open += 1;
    this.#since = performance.now();
    if (!this.#ticking) {
      this.#ticking = true;
      setImmediate(this.#tick);
    }
    try {
      return await promise;
    } finally {
      this.#open -= 1;
    }
  }

  readonly #tick = (): void => {
    if (this.#open === 0) {
      this.#ticking = false;
      return;
    }
    const waited = performance.now() - this.#since;
    if (waited > freshMs) Atomics.wait(this.#cell, 0, 0, Math.min(longestMs, waited / 20));
    setImmediate(this.#tick);
  };
}
