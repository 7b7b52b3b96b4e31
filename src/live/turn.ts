/**
 * The event loop in portions: what many want to do at once is spread over turns of the loop, between which it serves
 * others. Those who wait go on in the order in which they came, so many in a turn that it takes about 10 ms.
 */
import { performance } from 'node:perf_hooks';

const turnMs = 10;
const [fewest, most] = [1, 64];

export class LoopTurns {
  readonly #waiting: (() => void)[] = [];
  /** Who goes on in the next turn: by how long those of the last one took. */
  #portion = 4;

  #runs = false;

  /** Resolves in this turn of the loop's queue. */
  take(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      if (this.#runs) return;
      this.#runs = true;
      setImmediate(() => this.#next());
    });
  }

  #next(): void {
    const began = performance.now();
    for (const resolve of this.#waiting.splice(0, this.#portion)) resolve();
    // What they do now is done before the next turn begins.
    setImmediate(() => {
      const fits = (this.#portion * turnMs) / (performance.now() - began);
      this.#portion = Math.round(Math.min(most, Math.max(fewest, Math.min(fits, 2 * this.#portion))));
      this.#runs = this.#waiting.length > 0;
      if (this.#runs) this.#next();
    });
  }
}
