/**
 * The texts of one update in their global order, which everything else counts by: the loss's rows, the micro-batches'
 * slices, dropout's samples. IR: B queries, B*P positives, B*N negatives (query-major). STS: B queries, B partners.
 */

import type { Task } from '../data/types.ts';
import { invariant } from '../errors.ts';
import type { LossTerm } from '../nn/losses/catalog.ts';
import type { CandidateTexts, TeacherScores } from '../nn/losses/loss.ts';
import type { PackedTexts } from '../tokens/types.ts';

interface BatchTexts {
  readonly dataset: string;
  /** B, queries or pairs. */
  readonly size: number;
  readonly texts: PackedTexts;
  /** The same texts as the teacher reads them; given where a term needs one. */
  readonly teacherTexts?: PackedTexts;
  /** What it is trained on. */
  readonly terms: readonly LossTerm[];
}

export interface IrBatch extends BatchTexts {
  readonly task: 'ir';
  /** P, N per query. P = 1 where no term reads another, N = 0 where no query of the batch has a negative. */
  readonly positives: number;
  readonly negatives: number;
  /** [B] 0 where a query has no negatives: its rows are placeholders that are masked. */
  readonly negativeMask: Uint8Array;
  /** [B] the positive slot that the loss variant "sample" shows. */
  readonly slots: Uint32Array;
  /** What a teacher gives the candidates; absent = the data set has none. */
  readonly teacherScores?: TeacherScores;
  /** Given where a term masks known positives. */
  readonly candidateTexts?: CandidateTexts;
}

export interface StsBatch extends BatchTexts {
  readonly task: 'sts';
  /** [B] 0..1 */
  readonly grades: Float32Array;
}

export type GlobalBatch = IrBatch | StsBatch;

/** Texts of the batch. */
export const textCount = (batch: GlobalBatch): number => batch.texts.poolStart.length;

/** Texts of an update of these sizes, at most. */
export function largestTextCount(task: Task, size: number, positives: number, negatives: number): number {
  invariant(size > 0, 'A batch has records');
  return task === 'ir' ? size * (1 + positives + negatives) : 2 * size;
}
