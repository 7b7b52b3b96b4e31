/** What an evaluation gives. Plain types. */
import type { Task } from '../data/types.ts';

/** Metrics by name; null = undefined, with the reason. */
export interface EvaluationFigures {
  readonly task: Task;
  readonly main: string;
  readonly metrics: Readonly<Record<string, number | null>>;
  readonly undefinedReasons: Readonly<Record<string, string>>;
  /** Queries (IR) or pairs (STS) that count. */
  readonly count: number;
  /** Documents searched (IR), else 0. */
  readonly documents: number;
  readonly seconds: number;
  readonly tokens: number;
  /** What cut the words of scripts without spaces, as "ICU 78.2"; absent or null where nothing was cut so. */
  readonly wordSegmenter?: string | null;
  /** How many of the first components of the vectors were compared, normalised again; absent = whole vectors. */
  readonly dimension?: number;
}
