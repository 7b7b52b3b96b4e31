/** Models: list, find the untrained checkpoint, delete. */

import { and, eq, inArray, isNull, ne } from 'drizzle-orm';
import { globalId } from '../../db/global-id.ts';
import type { Transaction } from '../../db/open.ts';
import { checkpoints, evaluations, fusionSearches, models, runs } from '../../db/schema.ts';
import { invariant } from '../../errors.ts';
import { searchesOfModel, usesOfCheckpoints } from '../../retention/uses.ts';
import { type Deletion, inUse } from '../common/editing/remove.ts';
import { missing } from '../common/rows.ts';
import { deleteEvaluations } from '../evaluations/delete.ts';
import type { Tandem } from '../tandem.ts';

/** The own checkpoints of models: untrained, of no run. */
const ownCheckpoint = (modelIds: readonly string[]) =>
  and(inArray(checkpoints.modelId, [...modelIds]), eq(checkpoints.reason, 'initial'), isNull(checkpoints.runId));

/** Key of the checkpoint that holds a model's untrained weights. */
export async function initialCheckpoint(tandem: Tandem, modelId: string, field?: string): Promise<string> {
  const [id] = await initialCheckpoints(tandem, [modelId], field);
  return id!;
}

/** Of each of the models, in their order. */
export async function initialCheckpoints(
  { database: { db } }: Tandem,
  modelIds: readonly string[],
  field?: string,
): Promise<string[]> {
  if (modelIds.length === 0) return [];
  const rows = await db
    .select({ id: checkpoints.id, modelId: checkpoints.modelId })
    .from(checkpoints)
    .where(ownCheckpoint(modelIds));
  const keys = new Map(rows.map(({ id, modelId }) => [modelId, id]));
  return modelIds.map((modelId) => {
    const id = keys.get(modelId);
    if (id === undefined) throw missing('models', modelId, field);
    return id;
  });
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
