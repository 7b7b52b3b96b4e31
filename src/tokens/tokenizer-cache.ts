/** A cache of the tokenizers that were used last. */
import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { LRUCache } from 'lru-cache';
import { readTokenizerJson } from '../formats/model-folder.ts';
import { readOwn } from '../storage/own-files.ts';
import type { Storage } from '../storage/storage.ts';
import { openTokenizer } from '../tokenizer/open.ts';
import type { Tokenizer } from '../tokenizer/tokenizer.ts';
import { tryTokenizerText } from '../tokenizer/trial.ts';
import { readForeignTokenizer, tokenizerFileNames } from './foreign-tokenizer.ts';

export class TokenizerCache {
  readonly #loaded: LRUCache<string, Promise<Tokenizer>>;

  /** Keeps at most `max` tokenizers; one with a large vocabulary takes tens of megabytes. */
  constructor(max = 8) {
    this.#loaded = new LRUCache({ max });
  }

  /** The tokenizer of a model folder in storage. Such folders are immutable, so the path is the key. */
  async of(storage: Storage, model: string): Promise<Tokenizer> {
    const path = join(await storage.require('models', model), 'tokenizer.json');
    return this.#get(path, async () => openTokenizer(await readOwn(storage, 'models', model, readTokenizerJson), path));
  }

  /**
   * The tokenizer of another program's folder, with the files beside tokenizer.json, which is at this path. The files
   * may be changed or written badly: it is loaded again when one changed, and tried in a process of its own before it
   * is loaded here. No id is refused, since the folder may have no model.
   */
  async ofFile(path: string, signal?: AbortSignal): Promise<Tokenizer> {
    const paths = [path, ...tokenizerFileNames.map((name) => join(dirname(path), name))];
    const stats = paths.map((file) => stat(file).catch(() => undefined));
    const states = (await Promise.all(stats)).map((found) => `${found?.ino} ${found?.size} ${found?.mtimeMs}`);
    const key = `${path} ${states.join(' ')}`;
    const known = this.#loaded.get(key);
    if (known !== undefined) return known;
    const { json } = await readForeignTokenizer(path, { modelType: '', rows: Number.POSITIVE_INFINITY, cuts: false });
    // Requests do not share a trial: one that is aborted would abort the others.
    await tryTokenizerText(json, path, { signal });
    return this.#get(key, () => openTokenizer(json, path));
  }

  /** Loads it once, however many ask at the same time; a load that failed is not kept. */
  #get(key: string, load: () => Promise<Tokenizer>): Promise<Tokenizer> {
    const found = this.#loaded.get(key);
    if (found !== undefined) return found;
    const loading = load();
    this.#loaded.set(key, loading);
    loading.catch(() => this.#loaded.delete(key));
    return loading;
  }
}
