/** Models: list, find the untrained checkpoint, delete. */

import { and, desc, eq, isNull, ne } from 'drizzle-orm';
import { globalId } from '../../db/global-id.ts';
import { checkpoints, evaluations, fusionSearches, type ModelRow, models, runs } from '../../db/schema.ts';
import { invariant } from '../../errors.ts';
import { searchesOfModel, usesOfCheckpoints } from '../../retention/uses.ts';
import { isEqual } from '../common/condition.ts';
import { refuseWhileInUse } from '../common/in-use.ts';
import type { Page, Window } from '../common/page.ts';
import { missing, pageOf, requireRow } from '../common/rows.ts';
import { deleteEvaluations } from '../evaluations/delete.ts';
import type { Tandem } from '../tandem.ts';

interface ListRequest {
  readonly filter?: { readonly name?: string | null } | null;
}

export function list(tandem: Tandem, { filter }: ListRequest, window: Window): Promise<Page<ModelRow>> {
  const conditions = [isEqual(models.name, filter?.name)];
  return pageOf(tandem, 'models', conditions, [desc(models.createdAt), desc(models.id)], window);
}

/** A model's own checkpoint: untrained, of no run. */
const ownCheckpoint = (modelId: string) =>
  and(eq(checkpoints.modelId, modelId), eq(checkpoints.reason, 'initial'), isNull(checkpoints.runId));

/** Key of the checkpoint that holds a model's untrained weights. */
export async function initialCheckpoint(
  { database: { db } }: Tandem,
  modelId: string,
  field?: string,
): Promise<string> {
  const [row] = await db.select({ id: checkpoints.id }).from(checkpoints).where(ownCheckpoint(modelId)).limit(1);
  if (row === undefined) throw missing('models', modelId, field);
  return row.id;
}

/** Deletes a model, its untrained checkpoint and that one's evaluations. */
export async function remove({ database, jobs }: Tandem, id: string): Promise<void> {
  const { digest, units } = await database.db.transaction(async (tx) => {
    const model = await requireRow(tx, 'models', id);
    const [own] = await tx.select({ id: checkpoints.id }).from(checkpoints).where(ownCheckpoint(id));
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
    refuseWhileInUse(`model "${model.name}"`, [
      ...ofRuns.map(({ name }) => `run "${name}"`),
      ...searches.map((search) => `search for a fusion ${globalId('FusionSearch', search.id)}`),
      ...others.map((checkpoint) => `checkpoint ${globalId('Checkpoint', checkpoint.id)}`),
      ...(await searchesOfModel(tx, id)),
      ...(await usesOfCheckpoints(tx, [own.id])),
    ]);
    const units = await deleteEvaluations(tx, eq(evaluations.checkpointId, own.id));
    await tx.delete(checkpoints).where(eq(checkpoints.id, own.id));
    await tx.delete(models).where(eq(models.id, id));
    return { digest: model.digest, units };
  });
  await jobs.retention.release('models', [digest]);
  await jobs.retention.release('units', units);
}
