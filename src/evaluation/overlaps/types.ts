/** What a split of a data set shares with training data. Plain types. */
import type { Split } from '../../data/types.ts';

export interface OverlapInput {
  /** Digest of the data set version that is evaluated on. */
  readonly dataset: string;
  readonly split: Split;
  /** Digests of the data set versions that were trained on. */
  readonly trained: readonly string[];
}

/** Each text, and each pair, counts once. */
export interface OverlapCounts {
  /** Texts that the evaluation reads: queries, relevant texts and documents (IR), or the texts of graded pairs. */
  readonly texts: number;
  readonly sharedTexts: number;
  /** A query with a relevant text (IR), or a graded pair, in either order. */
  readonly pairs: number;
  readonly sharedPairs: number;
}
