/**
 * A cache of what stays on the device after use, by key: the most recently used entries up to a limit of bytes, and
 * the last one whatever its size. An entry in use is leased and never freed; a library's LRU would evict it and load
 * it twice.
 */
export interface Resident<T> {
  readonly value: T;
  /** What it holds now; it may grow while it is used. */
  readonly bytes: number;
  free(): void;
}

interface Entry<T> {
  readonly loading: Promise<Resident<T>>;
  users: number;
  /** Absent until it is loaded. */
  resident?: Resident<T>;
}

export class Residents<T> {
  readonly #limit: number;
  /** The least recently used first. */
  readonly #entries = new Map<string, Entry<T>>();

  constructor(limitBytes: number) {
    this.#limit = limitBytes;
  }

  /** Runs `work` with the value, which is loaded once however many calls ask for it at the same time. */
  async use<R>(key: string, load: () => Promise<Resident<T>>, work: (value: T) => Promise<R>): Promise<R> {
    const entry = this.#take(key, load);
    try {
      entry.resident = await entry.loading;
      return await work(entry.resident.value);
    } finally {
      entry.users--;
      await this.#release(key, entry);
    }
  }

  /** Frees the value now, or when its last user is done. */
  async forget(key: string): Promise<void> {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    await this.#release(key, entry);
  }

  /** Bytes of all entries. */
  get bytes(): number {
    return [...this.#entries.values()].reduce((sum, { resident }) => sum + (resident?.bytes ?? 0), 0);
  }

  #take(key: string, load: () => Promise<Resident<T>>): Entry<T> {
    const entry = this.#entries.get(key) ?? { loading: load(), users: 0 };
    entry.loading.catch(() => {
      if (this.#entries.get(key) === entry) this.#entries.delete(key);
    });
    entry.users++;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry;
  }

  /** Frees the entry if it was forgotten and has no users, then the least recently used idle ones beyond the limit. */
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
