/** Counts what a split shares with the data sets that were trained on. */
import { LRUCache } from 'lru-cache';
import { openDataset } from '../../data/record-file.ts';
import type { Storage } from '../../storage/storage.ts';
import { evaluatedKeys, type SplitKeys, trainedKeys } from './keys.ts';
import type { OverlapCounts, OverlapInput } from './types.ts';

/** Bytes of keys that are kept: those of four million texts. */
const keptBytes = 64 * 2 ** 20;

/** Reads each split once, as long as its keys are kept; data set versions never change. */
export class OverlapCounter {
  readonly #keys = new LRUCache<string, SplitKeys>({
    maxSize: keptBytes,
    sizeCalculation: ({ texts, pairs }) => Math.max(1, texts.byteLength + pairs.byteLength),
  });

  async count(
    storage: Storage,
    { dataset, split, trained }: OverlapInput,
    signal?: AbortSignal,
  ): Promise<OverlapCounts> {
    const { texts, pairs } = await this.#get(`${dataset} ${split}`, async () =>
      evaluatedKeys(await openDataset(storage, dataset), split, signal),
    );
    const sharedTexts = new Uint8Array(texts.length);
    const sharedPairs = new Uint8Array(pairs.length);
    for (const digest of trained) {
      const other = await this.#get(`trained on ${digest}`, async () =>
        trainedKeys(await openDataset(storage, digest), signal),
      );
      markShared(texts, other.texts, sharedTexts);
      markShared(pairs, other.pairs, sharedPairs);
    }
    return {
      ...{ texts: texts.length, sharedTexts: countOf(sharedTexts) },
      ...{ pairs: pairs.length, sharedPairs: countOf(sharedPairs) },
    };
  }

  async #get(name: string, read: () => Promise<SplitKeys>): Promise<SplitKeys> {
    const found = this.#keys.get(name);
    if (found) return found;
    const keys = await read();
    this.#keys.set(name, keys);
    return keys;
  }
}

/** Sets the mark of each of the ascending keys that the other ascending keys hold. */
function markShared(keys: BigUint64Array, others: BigUint64Array, marks: Uint8Array): void {
  for (let i = 0, j = 0; i < keys.length && j < others.length; ) {
    if (keys[i]! < others[j]!) i++;
    else if (keys[i]! > others[j]!) j++;
    else marks[i++] = 1;
  }
}

const countOf = (marks: Uint8Array): number => marks.reduce((sum, mark) => sum + mark, 0);
