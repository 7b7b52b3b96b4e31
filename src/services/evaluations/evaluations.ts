/** Evaluations: write as mteb does, delete. */

import { inArray } from 'drizzle-orm';
import { type DatasetRow, type EvaluationRow, evaluations } from '../../db/schema.ts';
import { type MtebResult, mtebResult } from '../../evaluation/mteb-result.ts';
import type { Deletion } from '../common/editing/remove.ts';
import { deleteEvaluations } from './delete.ts';

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
