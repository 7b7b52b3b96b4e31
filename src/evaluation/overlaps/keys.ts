/**
 * The texts and pairs of a split as keys. Texts are equal if instance instruction and text are, to the code point:
 * nothing is normalised, as an import normalises nothing. A key has 64 bits of a sha256, so that two of a million texts
 * are taken for one with a probability of 3e-8.
 */
import { createHash } from 'node:crypto';
import { noGrade } from '../../data/record-codec.ts';
import type { Dataset } from '../../data/record-file.ts';
import type { Split, StoredRecord, TextTriple } from '../../data/types.ts';

/** Distinct keys, ascending. */
export interface SplitKeys {
  readonly texts: BigUint64Array;
  readonly pairs: BigUint64Array;
}

/** What an evaluation of the split reads. */
export async function evaluatedKeys(dataset: Dataset, split: Split, signal?: AbortSignal): Promise<SplitKeys> {
  const keys = new Keys();
  for await (const record of dataset.records(split)) {
    signal?.throwIfAborted();
    if (counts(record)) keys.addPairs(record);
  }
  for await (const { text } of dataset.documents(split)) {
    signal?.throwIfAborted();
    keys.add(text);
  }
  return keys.finish();
}

/** What training on the data set reads. */
export async function trainedKeys(dataset: Dataset, signal?: AbortSignal): Promise<SplitKeys> {
  const keys = new Keys();
  for await (const record of dataset.records('train')) {
    signal?.throwIfAborted();
    if (!counts(record)) continue;
    keys.addPairs(record);
    for (const text of record.negatives) keys.add(text);
  }
  return keys.finish();
}

/** Pairs of STS without a grade are neither trained on nor evaluated. */
const counts = ({ task, positiveScores }: StoredRecord): boolean =>
  task === 'ir' || (positiveScores[0] ?? noGrade) !== noGrade;

class Keys {
  readonly #texts = new Set<bigint>();
  readonly #pairs = new Set<bigint>();

  add([, instance, text]: TextTriple): bigint {
    const key = keyOf(instance + text);
    this.#texts.add(key);
    return key;
  }

  addPairs({ query, positives }: StoredRecord): void {
    const first = this.add(query);
    for (const positive of positives) {
      const second = this.add(positive);
      this.#pairs.add(keyOf(first < second ? `${first} ${second}` : `${second} ${first}`));
    }
  }

  finish(): SplitKeys {
    return { texts: BigUint64Array.from(this.#texts).sort(), pairs: BigUint64Array.from(this.#pairs).sort() };
  }
}

const keyOf = (text: string): bigint => createHash('sha256').update(text).digest().readBigUInt64LE();
