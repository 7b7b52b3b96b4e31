/** Tokenizers of the models that were used last. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Storage } from '../storage/storage.ts';
import { loadTokenizer, type Tokenizer } from '../tokenizer/tokenizer.ts';
import { tryTokenizer } from '../tokenizer/trial.ts';

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
    return this.#get(path, () => loadTokenizer(path));
  }

  /** A tokenizer.json that somebody else may change or write badly: known as long as its file is the same, tried before. */
  async ofFile(path: string, signal?: AbortSignal): Promise<Tokenizer> {
    const found = await stat(path).catch(() => undefined);
    if (!found?.isFile()) return loadTokenizer(path);
    const key = `${path} ${found.ino} ${found.size} ${found.mtimeMs}`;
    // Whoever asks has a trial of their own: another's may be aborted.
    if (!this.#kept.has(key)) await tryTokenizer(path, { signal });
    return this.#get(key, () => loadTokenizer(path));
  }

  #get(key: string, load: () => Promise<Tokenizer>): Promise<Tokenizer> {
    const found = this.#kept.get(key) ?? this.#load(key, load);
    // Put last: the first of the map is then the one not used for longest.
    this.#kept.delete(key);
    this.#kept.set(key, found);
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= this.#most) break;
      this.#kept.delete(oldest);
    }
    return found;
  }

  #load(key: string, load: () => Promise<Tokenizer>): Promise<Tokenizer> {
    const loading = load();
    loading.catch(() => this.#kept.delete(key));
    return loading;
  }
}
