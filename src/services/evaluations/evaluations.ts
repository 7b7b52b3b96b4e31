/** Evaluations: list, write as mteb does, delete. */

import { desc, inArray } from 'drizzle-orm';
import type { Split } from '../../data/types.ts';
import { type DatasetRow, type EvaluationRow, evaluations } from '../../db/schema.ts';
import { type MtebResult, mtebResult } from '../../evaluation/mteb-result.ts';
import { isEqual } from '../common/condition.ts';
import type { Deletion } from '../common/editing/remove.ts';
import type { Page, Window } from '../common/page.ts';
import { pageOf } from '../common/rows.ts';
import type { Tandem } from '../tandem.ts';
import { deleteEvaluations } from './delete.ts';

interface Filter {
  readonly checkpointId?: string | undefined;
  readonly datasetId?: string | undefined;
  readonly split?: Split | null | undefined;
  readonly evaluator?: EvaluationRow['evaluator'] | null | undefined;
}

export function list(tandem: Tandem, filter: Filter, window: Window): Promise<Page<EvaluationRow>> {
  const { checkpointId, datasetId, split, evaluator } = filter;
  const conditions = [
    isEqual(evaluations.checkpointId, checkpointId),
    isEqual(evaluations.datasetId, datasetId),
    isEqual(evaluations.split, split),
    isEqual(evaluations.evaluator, evaluator),
  ];
  return pageOf(tandem, 'evaluations', conditions, [desc(evaluations.createdAt), desc(evaluations.id)], window);
}

type Figures = Pick<EvaluationRow, 'main' | 'metrics' | 'seconds' | 'split' | 'pooled'>;

/** An evaluation as a result file of mteb; one on a pooled corpus carries that in the name of its task. */
export const asMtebResult = (row: Figures, dataset: DatasetRow): MtebResult =>
  mtebResult(row, row.pooled ? { ...dataset, name: `${dataset.name} (pooled)` } : dataset);

export const deletion: Deletion<'evaluations'> = {
  noun: 'evaluations',
  locked: evaluations,
  refusal: async () => null,
  remove: async (tx, rows) => ({
    units: await deleteEvaluations(
      tx,
      inArray(
        evaluations.id,
        rows.map(({ id }) => id),
      ),
    ),
  }),
};
