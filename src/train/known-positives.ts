/**
 * Known positives of a batch: for each query the texts that are positives, drawn or not, of any record of the batch
 * with the same query text. Texts count by their number in the token file, so equal built texts are one; documents of
 * equal ids have equal texts within a data set version.
 */
import type { CandidateTexts } from '../nn/losses/loss.ts';
import type { TokenizedSplit } from '../tokens/types.ts';

/** `positives` [B*P] and `negatives` [B*N] are the candidates' texts; of the known ones only these are listed. */
export function knownPositives(
  { query, positives: lists }: Pick<TokenizedSplit, 'query' | 'positives'>,
  records: Uint32Array,
  positives: readonly number[],
  negatives: readonly number[],
): CandidateTexts {
  const shown = new Set([...positives, ...negatives]);
  const known = new Map<number, Set<number>>();
  for (const record of records) {
    const texts = known.get(query[record]!) ?? new Set<number>();
    known.set(query[record]!, texts);
    for (const text of lists.values.subarray(lists.starts[record]!, lists.starts[record + 1]!)) {
      if (shown.has(text)) texts.add(text);
    }
  }
  return {
    positives: Uint32Array.from(positives),
    negatives: Uint32Array.from(negatives),
    known: Array.from(records, (record) => [...known.get(query[record]!)!]),
  };
}
