/**
 * Notifies waiting readers in this process that a change was committed. A notification carries no data: a reader reads
 * again from its position, so a slow reader costs no memory, and no event is missed or reordered.
 */
export interface Waiter {
  /** Counts up with every notification, also of those that nobody waited for. */
  readonly wakes: number;
  /** Resolves when woken (also since the last wait), after `ms`, or when the signal aborts or all is closed. */
  wait(ms: number, signal?: AbortSignal): Promise<Woken>;
  detach(): void;
}

type Woken = 'woken' | 'timeout' | 'closed';

interface Reader {
  pending: boolean;
  /** Ends its wait. */
  resume: ((result: Woken) => void) | undefined;
}

interface Group {
  readonly readers: Set<Reader>;
  wakes: number;
}

export class Notifier {
  #groups = new Map<string, Group>();
  #closed = false;

  attach(id: string): Waiter {
    const reader: Reader = { pending: false, resume: undefined };
    const group = this.#groups.get(id) ?? { readers: new Set(), wakes: 0 };
    this.#groups.set(id, group);
    group.readers.add(reader);
    return {
      get wakes() {
        return group.wakes;
      },
      wait: (ms, signal) => this.#wait(reader, ms, signal),
      detach: () => {
        group.readers.delete(reader);
        if (group.readers.size === 0) this.#groups.delete(id);
      },
    };
  }

  wake(id: string): void {
    const group = this.#groups.get(id);
    if (!group) return;
    group.wakes++;
    for (const reader of group.readers) {
      reader.pending = true;
      reader.resume?.('woken');
    }
  }

  wakeAll(): void {
    for (const id of this.#groups.keys()) this.wake(id);
  }

  /** Ends every wait, now and later. */
  close(): void {
    this.#closed = true;
    for (const { readers } of this.#groups.values()) for (const reader of readers) reader.resume?.('closed');
  }

  #wait(reader: Reader, ms: number, signal?: AbortSignal): Promise<Woken> {
    if (this.#closed || signal?.aborted) return Promise.resolve('closed');
    return new Promise((resolve) => {
      const close = (): void => reader.resume?.('closed');
      const timer = setTimeout(() => reader.resume?.('timeout'), ms);
      reader.resume = (result) => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', close);
        reader.resume = undefined;
        if (result === 'woken') reader.pending = false;
        resolve(result);
      };
      signal?.addEventListener('abort', close);
      if (reader.pending) reader.resume('woken');
    });
  }
}
