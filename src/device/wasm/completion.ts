/** Lets the recording thread wait for completed commands without blocking its event loop. */
import { control, hasReached, type SharedQueue } from './ring.ts';

interface Waiter {
  readonly count: number;
  readonly resolve: () => void;
}

export class Completion {
  readonly #words: SharedQueue['control'];
  readonly #hold: (isHeld: boolean) => void;
  #waiters: Waiter[] = [];
  #isWatching = false;
  #isEnded = false;

  /** `hold`: whether the process must stay alive, because somebody waits. */
  constructor({ control: words }: SharedQueue, hold: (isHeld: boolean) => void) {
    this.#words = words;
    this.#hold = hold;
  }

  hasReached(count: number): boolean {
    return this.#isEnded || hasReached(Atomics.load(this.#words, control.completed), count);
  }

  /** Resolves when so many commands are complete. */
  reach(count: number): Promise<void> {
    if (this.hasReached(count)) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiters.push({ count, resolve });
      this.#settle();
      if (!this.#isWatching) void this.#watch();
    });
  }

  /** Nothing is computed any more: nobody waits, now or later. */
  end(): void {
    this.#isEnded = true;
    this.#settle();
    Atomics.add(this.#words, control.signal, 1);
    Atomics.notify(this.#words, control.signal);
  }

  /** Blocks the thread until so many commands are complete. */
  block(count: number): void {
    while (!this.hasReached(count)) {
      const completed = Atomics.load(this.#words, control.completed);
      if (!hasReached(completed, count)) Atomics.wait(this.#words, control.completed, completed, 1_000);
    }
  }

  async #watch(): Promise<void> {
    this.#isWatching = true;
    this.#hold(true);
    while (this.#waiters.length > 0) {
      const signal = Atomics.load(this.#words, control.signal);
      this.#settle();
      if (this.#waiters.length === 0) break;
      const waiting = Atomics.waitAsync(this.#words, control.signal, signal);
      if (waiting.async) await waiting.value;
    }
    this.#hold(false);
    this.#isWatching = false;
  }

  /** Asks for the next signal, then resolves whoever has nothing to wait for any more. */
  #settle(): void {
    const [first] = this.#waiters.map(({ count }) => count).sort((a, b) => (a - b) | 0);
    if (first !== undefined) Atomics.store(this.#words, control.wanted, first);
    const reached = this.#waiters.filter(({ count }) => this.hasReached(count));
    if (reached.length === 0) return;
    this.#waiters = this.#waiters.filter((waiter) => !reached.includes(waiter));
    for (const { resolve } of reached) resolve();
    this.#settle();
  }
}
