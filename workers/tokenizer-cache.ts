/** Tokenizers of the models that were used last. */
import { join } from 'node:path';
import type { Storage } from '../src/storage/storage.ts';
import { loadTokenizer, type Tokenizer } from '../src/tokenizer/tokenizer.ts';

export class TokenizerCache {
  readonly #kept = new Map<string, Promise<Tokenizer>>();
  readonly #most: number;

  /** Keeps at most so many; a large vocabulary takes tens of megabytes. */
  constructor(most = 8) {
    this.#most = most;
  }

  /** The tokenizer of a model folder in storage. Folders are immutable, so a path stands for its content. */
  async of(storage: Storage, model: string): Promise<Tokenizer> {
    const path = join(await storage.require('models', model), 'tokenizer.json');
    const found = this.#kept.get(path) ?? this.#load(path);
    // Put last: the first of the map is then the one not used for longest.
    this.#kept.delete(path);
    this.#kept.set(path, found);
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= this.#most) break;
      this.#kept.delete(oldest);
    }
    return found;
  }

  #load(path: string): Promise<Tokenizer> {
    const loading = loadTokenizer(path);
    loading.catch(() => this.#kept.delete(path));
    return loading;
  }
}
