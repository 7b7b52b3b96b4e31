/** An evaluation in the form of mteb's result files, which mteb.TaskResult reads (mteb/results/task_result.py). */
import type { Split } from '../data/types.ts';
import { mtebLanguage } from './mteb-language.ts';
import { roundLikeMteb } from './result.ts';
import type { EvaluationFigures } from './types.ts';

/** The version of mteb whose form and figures these are, and which they were compared with (docs/results.md). */
const mtebVersion = '2.26.24';

interface MtebScores {
  /** Metrics by name, rounded as mteb rounds them; null = undefined. */
  readonly [metric: string]: number | string | readonly string[] | null;
  readonly main_score: number | null;
  readonly hf_subset: string;
  readonly languages: readonly string[];
}

export interface MtebResult {
  readonly dataset_revision: string;
  readonly task_name: string;
  readonly mteb_version: string;
  readonly scores: Partial<Record<Split, readonly MtebScores[]>>;
  /** In seconds. */
  readonly evaluation_time: number;
  readonly kg_co2_emissions: null;
}

/** The result of one split of a data set, whose name is the task and whose digest is the revision. */
export function mtebResult(
  {
    main,
    metrics,
    seconds,
    split,
  }: Pick<EvaluationFigures, 'main' | 'metrics' | 'seconds'> & { readonly split: Split },
  dataset: { readonly name: string; readonly digest: string; readonly language: string | null },
): MtebResult {
  const rounded = roundLikeMteb(metrics);
  const languages = [mtebLanguage(dataset.language)];
  const scores = { ...rounded, main_score: rounded[main] ?? null, hf_subset: 'default', languages };
  return {
    dataset_revision: dataset.digest,
    task_name: dataset.name,
    mteb_version: mtebVersion,
    scores: { [split]: [scores] },
    evaluation_time: seconds,
    kg_co2_emissions: null,
  };
}
