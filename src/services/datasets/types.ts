/** The records and passages of a data set as the API returns them. */
import type { Split, Task, TextTriple } from '../../data/types.ts';

export interface GradedText {
  readonly text: TextTriple;
  /** null = no grade. */
  readonly score: number | null;
  /** null = none. */
  readonly teacherScore: number | null;
}

export interface RecordView {
  readonly key: string;
  readonly split: Split;
  readonly task: Task;
  readonly query: TextTriple;
  readonly positives: readonly GradedText[];
  readonly negatives: readonly GradedText[];
}

export interface CorpusDocumentView {
  readonly key: string;
  readonly splits: readonly Split[];
  readonly text: TextTriple;
}
