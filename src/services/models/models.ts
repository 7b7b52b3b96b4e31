/** Models: list, find the untrained checkpoint, delete. */

import { and, desc, eq, inArray, isNull, ne } from 'drizzle-orm';
import { globalId } from '../../db/global-id.ts';
import type { Transaction } from '../../db/open.ts';
import { checkpoints, evaluations, fusionSearches, type ModelRow, models, runs } from '../../db/schema.ts';
import { invariant } from '../../errors.ts';
import { searchesOfModel, usesOfCheckpoints } from '../../retention/uses.ts';
import { isEqual } from '../common/condition.ts';
import { type Deletion, inUse } from '../common/editing/remove.ts';
import type { Page, Window } from '../common/page.ts';
import { missing, pageOf } from '../common/rows.ts';
import { deleteEvaluations } from '../evaluations/delete.ts';
import type { Tandem } from '../tandem.ts';

interface ListRequest {
  readonly filter?: { readonly name?: string | null } | null;
}

export function list(tandem: Tandem, { filter }: ListRequest, window: Window): Promise<Page<ModelRow>> {
  const conditions = [isEqual(models.name, filter?.name)];
  return pageOf(tandem, 'models', conditions, [desc(models.createdAt), desc(models.id)], window);
}

/** The own checkpoints of models: untrained, of no run. */
const ownCheckpoint = (modelIds: readonly string[]) =>
  and(inArray(checkpoints.modelId, [...modelIds]), eq(checkpoints.reason, 'initial'), isNull(checkpoints.runId));

/** Key of the checkpoint that holds a model's untrained weights. */
export async function initialCheckpoint(
  { database: { db } }: Tandem,
  modelId: string,
  field?: string,
): Promise<string> {
  const [row] = await db
    .select({ id: checkpoints.id })
    .from(checkpoints)
    .where(ownCheckpoint([modelId]))
    .limit(1);
  if (row === undefined) throw missing('models', modelId, field);
  return row.id;
}

/** A model goes with its untrained checkpoint and that one's evaluations. */
export const deletion: Deletion<'models'> = {
  noun: 'models',
  locked: models,
  refusal: async (tx, { id, name }) => inUse(`model "${name}"`, await usesOfModel(tx, id)),
  async remove(tx, rows) {
    const ids = rows.map(({ id }) => id);
    const own = await tx.select({ id: checkpoints.id }).from(checkpoints).where(ownCheckpoint(ids));
    const ownIds = own.map(({ id }) => id);
    const units = await deleteEvaluations(tx, inArray(evaluations.checkpointId, ownIds));
    await tx.delete(checkpoints).where(inArray(checkpoints.id, ownIds));
    await tx.delete(models).where(inArray(models.id, ids));
    return { models: rows.map(({ digest }) => digest), units };
  },
};

async function usesOfModel(tx: Transaction, id: string): Promise<string[]> {
  const [own] = await tx
    .select({ id: checkpoints.id })
    .from(checkpoints)
    .where(ownCheckpoint([id]));
  invariant(own, 'a model without its checkpoint');
  const ofRuns = await tx.select({ name: runs.name }).from(runs).where(eq(runs.modelId, id));
  const others = await tx
    .select({ id: checkpoints.id })
    .from(checkpoints)
    .where(and(eq(checkpoints.modelId, id), ne(checkpoints.id, own.id), isNull(checkpoints.runId)));
  const searches = await tx
    .select({ id: fusionSearches.id })
    .from(fusionSearches)
    .where(eq(fusionSearches.modelId, id));
  return [
    ...ofRuns.map(({ name }) => `run "${name}"`),
    ...searches.map((search) => `search for a fusion ${globalId('FusionSearch', search.id)}`),
    ...others.map((checkpoint) => `checkpoint ${globalId('Checkpoint', checkpoint.id)}`),
    ...(await searchesOfModel(tx, id)),
    ...(await usesOfCheckpoints(tx, [own.id])),
  ];
}
