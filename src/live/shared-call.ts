/**
 * A call that many want to be made, each to know how things stand now: whoever asks while it is under way waits for one
 * more, which all of them share. So an answer is never older than the question, and at most two calls are open.
 */
export class SharedCall<T> {
  readonly #call: () => Promise<T>;
  #running: Promise<T> | undefined;
  #next: Promise<T> | undefined;

  constructor(call: () => Promise<T>) {
    this.#call = call;
  }

  /** The answer of a call that begins now or later. */
  now(): Promise<T> {
    // The next call begins shortly after the running one has ended, and until then it is the one to share.
    if (this.#next) return this.#next;
    if (!this.#running) return this.#begin();
    this.#next = this.#running.then(
      () => this.#begin(),
      () => this.#begin(),
    );
    return this.#next;
  }

  /** Resolves when no call is open, however they end. */
  async settled(): Promise<void> {
    while (this.#running) await Promise.allSettled([this.#next ?? this.#running]);
  }

  #begin(): Promise<T> {
    this.#next = undefined;
    const running = this.#call().finally(() => {
      if (this.#running === running) this.#running = undefined;
    });
    this.#running = running;
    return running;
  }
}
