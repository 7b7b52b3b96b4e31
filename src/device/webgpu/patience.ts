/**
 * Waits for the device without spending a core on it. While one of its promises is open, Dawn's Node binding polls in every
 * turn of the event loop without pause (seen with webgpu 0.6.2): a whole core, which a software adapter needs for itself.
 * So while something is awaited, each turn of the loop sleeps a little: not at all in the first moments, so that short
 * waits stay short, then a twentieth of the time waited, at most a millisecond.
 */
const freshMs = 0.5;
const longestMs = 1;

export class Patience {
  /** What Atomics.wait sleeps on; nobody wakes it. */
  readonly #cell = new Int32Array(new SharedArrayBuffer(4));
  #open = 0;
  #since = 0;
  #ticking = false;

  /** Awaits a promise that the device will settle. */
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
