/**
 * Notifies waiting readers in this process that a change of a run or a job was committed. A notification carries no
 * data: a reader reads the table again from its position, so a slow reader costs no memory, and no event is missed or
 * reordered.
 */
export interface Waiter {
  /** Resolves when woken (also since the last wait), after `ms`, or when the signal aborts or all is closed. */
  wait(ms: number, signal?: AbortSignal): Promise<'woken' | 'timeout' | 'closed'>;
  detach(): void;
}

interface Reader {
  pending: boolean;
  resume: (() => void) | undefined;
}

export class Notifier {
  #readers = new Map<string, Set<Reader>>();
  #closed = new AbortController();

  attach(id: string): Waiter {
    const reader: Reader = { pending: false, resume: undefined };
    const group = this.#readers.get(id) ?? new Set();
    this.#readers.set(id, group.add(reader));
    return {
      wait: (ms, signal) => this.#wait(reader, ms, signal),
      detach: () => {
        group.delete(reader);
        if (group.size === 0) this.#readers.delete(id);
      },
    };
  }

  wake(id: string): void {
    for (const reader of this.#readers.get(id) ?? []) {
      reader.pending = true;
      reader.resume?.();
    }
  }

  wakeAll(): void {
    for (const id of this.#readers.keys()) this.wake(id);
  }

  /** Ends every wait, now and later. */
  close(): void {
    this.#closed.abort();
  }

  #wait(reader: Reader, ms: number, signal?: AbortSignal): Promise<'woken' | 'timeout' | 'closed'> {
    const ends = [this.#closed.signal, ...(signal ? [signal] : [])];
    return new Promise((resolve) => {
      const finish = (result: 'woken' | 'timeout' | 'closed'): void => {
        clearTimeout(timer);
        for (const end of ends) end.removeEventListener('abort', close);
        reader.resume = undefined;
        if (result === 'woken') reader.pending = false;
        resolve(result);
      };
      const close = (): void => finish('closed');
      const timer = setTimeout(() => finish('timeout'), ms);
      reader.resume = () => finish('woken');
      for (const end of ends) end.addEventListener('abort', close);
      if (ends.some((end) => end.aborted)) close();
      else if (reader.pending) finish('woken');
    });
  }
}
