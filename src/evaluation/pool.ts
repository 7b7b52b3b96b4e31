/**
 * Pooled corpora for dev searches of large data sets: the documents that are judged for one of the split's queries, and
 * those that tf-idf puts first for each. Figures on it are higher than on all documents and are never mixed with those.
 */
import { textId } from '../data/hash-index.ts';

import { noGrade } from '../data/record-codec.ts';
import type { Dataset } from '../data/record-file.ts';
import type { Split } from '../data/types.ts';
import { badInput } from '../errors.ts';
import { indexCorpus } from './bag-of-words.ts';
import { topDocuments } from './retrieval.ts';

/** Documents of each query that tf-idf adds. */
export const pooledDepth = 50;

/** [P] positions of the pooled documents in the corpus of the split, ascending; documents by the bytes of their ids. */
export async function poolCorpus(dataset: Dataset, split: Split, signal?: AbortSignal): Promise<Uint32Array> {
  if (dataset.summary.task !== 'ir') {
    throw badInput('A data set of STS has no corpus to pool', {
      field: 'pooled',
      expected: 'a data set of IR',
      remedy: 'Set pooled to false.',
    });
  }
  const { positions, scores } = await indexCorpus(dataset, split, { signal });
  const pooled = new Set<number>(await judgedNegatives(dataset, split, positions));
  for await (const record of dataset.records(split)) {
    signal?.throwIfAborted();
    for (const id of record.positiveDocuments) {
      const position = positions.get(id);
      if (position !== undefined) pooled.add(position);
    }
    const identical = dataset.summary.ignoreIdenticalIds ? (positions.get(record.id) ?? -1) : -1;
    for (const position of topDocuments(scores(record.query), pooledDepth, identical)) pooled.add(position);
  }
  return Uint32Array.from(pooled).sort();
}

/** Positions of the documents that were judged and found not relevant: records keep their texts, not their ids. */
async function judgedNegatives(
  dataset: Dataset,
  split: Split,
  positions: ReadonlyMap<string, number>,
): Promise<readonly number[]> {
  const judged = new Set<string>();
  for await (const { negatives, negativeScores } of dataset.records(split)) {
    negatives.forEach((text, i) => {
      if ((negativeScores[i] ?? noGrade) !== noGrade) judged.add(textId(...text));
    });
  }
  const found: number[] = [];
  if (judged.size === 0) return found;
  for await (const { id, text } of dataset.documents(split)) {
    const position = judged.has(textId(...text)) ? positions.get(id) : undefined;
    if (position !== undefined) found.push(position);
  }
  return found;
}
