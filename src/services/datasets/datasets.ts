/** Data set versions: delete. */

import { inArray } from 'drizzle-orm';
import { datasets, evaluations } from '../../db/schema.ts';
import { usesOfDataset } from '../../retention/uses.ts';
import { type Deletion, inUse } from '../common/editing/remove.ts';
import { deleteEvaluations } from '../evaluations/delete.ts';

/** A version goes with its evaluations; its files, token files too, go if no other version shares them. */
export const deletion: Deletion<'datasets'> = {
  noun: 'datasets',
  locked: datasets,
  refusal: async (tx, { id, name, version }) =>
    inUse(`data set "${name}" version ${version}`, await usesOfDataset(tx, id)),
  async remove(tx, rows) {
    const ids = rows.map(({ id }) => id);
    const units = await deleteEvaluations(tx, inArray(evaluations.datasetId, ids));
    await tx.delete(datasets).where(inArray(datasets.id, ids));
    return { datasets: rows.map(({ digest }) => digest), units };
  },
};
