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
}
