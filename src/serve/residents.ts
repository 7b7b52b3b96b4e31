/**
 * An LRU cache of what stays on the device after use, limited in bytes; the most recently used entry stays whatever its
 * size. An entry is never freed while in use.
 */
export interface Resident<T> {
  readonly value: T;
  readonly bytes: number;
  free(): void;
}

interface Entry<T> {
  readonly loading: Promise<Resident<T>>;
  users: number;
  /** 0 until it is loaded. */
  bytes: number;
}

export class Residents<T> {
  readonly #limit: number;
  /** The least recently used first. */
  readonly #entries = new Map<string, Entry<T>>();

  constructor(limitBytes: number) {
    this.#limit = limitBytes;
  }

  /** Runs `work` with the entry of a key; concurrent calls share one load. */
  async use<R>(key: string, load: () => Promise<Resident<T>>, work: (value: T) => Promise<R>): Promise<R> {
    const entry = this.#take(key, load);
    try {
      const { value, bytes } = await entry.loading;
      entry.bytes = bytes;
      return await work(value);
    } finally {
      entry.users--;
      await this.#release(key, entry);
    }
  }

  /** Removes an entry and frees it, at the latest when its last user is done. */
  async forget(key: string): Promise<void> {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    await this.#release(key, entry);
  }

  /** Bytes of all cached entries. */
  get bytes(): number {
    return [...this.#entries.values()].reduce((sum, entry) => sum + entry.bytes, 0);
  }

  #take(key: string, load: () => Promise<Resident<T>>): Entry<T> {
    const entry = this.#entries.get(key) ?? { loading: load(), users: 0, bytes: 0 };
    entry.loading.catch(() => {
      if (this.#entries.get(key) === entry) this.#entries.delete(key);
    });
    entry.users++;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry;
  }

  /** Frees a forgotten entry without users, then the least recently used idle ones beyond the limit. */
  async #release(key: string, entry: Entry<T>): Promise<void> {
    if (entry.users === 0 && this.#entries.get(key) !== entry) await free(entry);
    const latest = [...this.#entries.keys()].at(-1);
    for (const [other, idle] of this.#entries) {
      // The latest stays even if it alone is above the limit: it would be loaded again at every call.
      if (this.bytes <= this.#limit || other === latest) return;
      if (idle.users > 0) continue;
      this.#entries.delete(other);
      await free(idle);
    }
  }
}

async function free<T>({ loading }: Entry<T>): Promise<void> {
  const resident = await loading.catch(() => undefined);
  resident?.free();
}
