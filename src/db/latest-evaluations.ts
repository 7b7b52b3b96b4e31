/** The newest evaluation of each split of a list, by whoever was evaluated; of whole vectors. */
import { and, desc, eq, inArray, isNull, type SQL, sql } from 'drizzle-orm';
import type { Split } from '../data/types.ts';
import type { Executor } from './open.ts';
import { type EvaluationRow, evaluations } from './schema.ts';

/** What is evaluated on. */
export interface EvaluatedSplit {
  readonly datasetId: string;
  readonly split: Split;
  readonly pooled: boolean;
}

/** The condition of one checkpoint, or of the baseline. */
export const evaluationsOf = (checkpointId: string | null): SQL =>
  checkpointId === null ? eq(evaluations.evaluator, 'bag-of-words') : eq(evaluations.checkpointId, checkpointId);

const { evaluator, checkpointId, datasetId, split, pooled, createdAt, id } = evaluations;
const key = [evaluator, checkpointId, datasetId, split, pooled];
const { main, metrics, undefinedReasons, seconds, unitsDigest } = evaluations;
const columns = {
  ...{ id, checkpointId, datasetId, split, pooled, main, metrics, undefinedReasons, seconds, unitsDigest },
  /** The geometry itself has all singular values, too many for a long list. */
  hasGeometry: sql<boolean>`${evaluations.geometry} is not null`,
};

export type LatestEvaluation = Pick<EvaluationRow, Exclude<keyof typeof columns, 'hasGeometry'>> & {
  readonly hasGeometry: boolean;
};

/** One row per checkpoint, or the baseline, and split; they may be on further splits of the data sets. */
export const latestEvaluations = (
  db: Executor,
  splits: readonly EvaluatedSplit[],
  condition?: SQL,
): Promise<LatestEvaluation[]> => {
  const datasetIds = splits.map((one) => one.datasetId);
  return db
    .selectDistinctOn(key, columns)
    .from(evaluations)
    .where(and(inArray(datasetId, datasetIds), isNull(evaluations.dimension), condition))
    .orderBy(...key, desc(createdAt), desc(id));
};

/** The evaluation of each of the splits, in their order. */
export const inOrderOf = (
  splits: readonly EvaluatedSplit[],
  found: readonly LatestEvaluation[],
): (LatestEvaluation | undefined)[] =>
  splits.map((one) =>
    found.find((row) => row.datasetId === one.datasetId && row.split === one.split && row.pooled === one.pooled),
  );
