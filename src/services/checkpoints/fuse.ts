/** fuseCheckpoints: checkpoints of one lineage into a new one. */

import { type GivenParameters, readParameters, rowOf } from '../../catalog-parameters.ts';
import { globalId } from '../../db/global-id.ts';
import type { CheckpointRow, JobRow } from '../../db/schema.ts';
import { badInput, invariant } from '../../errors.ts';
import { type FusionEntry, type FusionMethod, fusionCatalog } from '../../fusion/catalog.ts';
import { readWeights } from '../../fusion/weights.ts';
import { requireRow } from '../common/rows.ts';
import { checkList } from '../embedding/texts.ts';
import { runJob } from '../jobs/jobs.ts';
import type { Tandem } from '../tandem.ts';
import { ancestryOf } from './ancestors.ts';

export interface FuseRequest {
  readonly checkpointIds: readonly string[];
  readonly method: FusionMethod;
  readonly parameters?: GivenParameters | null;
  /** One per checkpoint; absent = 1 each. */
  readonly weights?: readonly number[] | null;
  /** What the deltas are taken from; absent = the model that all descend from. */
  readonly baseId?: string | null;
  readonly idempotencyKey?: string | null;
}

export async function fuseCheckpoints(
  tandem: Tandem,
  request: FuseRequest,
): Promise<{ checkpoint: CheckpointRow; job: JobRow }> {
  const plan = planOf(request);
  const { checkpoints: counts }: FusionEntry = rowOf(fusionCatalog, request.method, 'input.method');
  const parents = await parentsOf(tandem, request.checkpointIds, counts);
  const [first] = parents;
  invariant(first, 'a fusion of nothing');
  const baseId = await baseOf(tandem, request.baseId ?? null, parents);
  const { checkpointIds, idempotencyKey } = request;
  const input = { ...plan, checkpointIds: [...checkpointIds], modelId: first.modelId, baseId };
  const { id, job } = await runJob(tandem, 'fuse', { input, idempotencyKey });
  return { checkpoint: await requireRow(tandem.database.db, 'checkpoints', id), job };
}

function planOf({ method, parameters, weights, checkpointIds }: FuseRequest) {
  const row = rowOf(fusionCatalog, method, 'input.method');
  const values = readParameters(row, parameters ?? {}, 'input.parameters');
  const read = readWeights(row, checkpointIds.length, weights, 'input.weights');
  return { method, parameters: values, ...(row.weighted && { weights: [...read] }) };
}

/** The checkpoints of these ids, in order; throws where they are too few or too many, or not of one lineage. */
export async function parentsOf(
  tandem: Tandem,
  ids: readonly string[],
  counts: FusionEntry['checkpoints'],
): Promise<CheckpointRow[]> {
  checkList(ids, tandem.config.limits, 'input.checkpoints', counts);
  const rows: CheckpointRow[] = [];
  for (const [i, id] of ids.entries()) {
    const field = `input.checkpoints.${i}`;
    if (ids.indexOf(id) !== i) {
      throw badInput(`Checkpoint ${globalId('Checkpoint', id)} is named twice`, {
        field,
        expected: 'each checkpoint once',
        remedy: 'Name it once.',
      });
    }
    const row = await requireRow(tandem.database.db, 'checkpoints', id, field);
    const [first = row] = rows;
    if (row.modelId !== first.modelId) {
      const [own, other] = [row.id, first.id].map((key) => globalId('Checkpoint', key));
      throw badInput(`Checkpoint ${own} descends from another model than checkpoint ${other}`, {
        field,
        expected: 'checkpoints of one model (one theta_0)',
        remedy: 'Fuse checkpoints of runs that were started from the same model.',
      });
    }
    rows.push(row);
  }
  return rows;
}

/** Throws where one of the checkpoints does not descend from the base. Null = the base is their model itself. */
export async function baseOf(
  { database: { db } }: Tandem,
  id: string | null,
  checkpoints: readonly CheckpointRow[],
): Promise<string | null> {
  if (id === null) return null;
  const base = await requireRow(db, 'checkpoints', id, 'input.base');
  const { digest: root } = await requireRow(db, 'models', base.modelId, 'input.base');
  // By digests: checkpoint 0 of a run from the model is the model's own folder.
  const isModel = base.digest === root;
  for (const [i, checkpoint] of checkpoints.entries()) {
    if ((isModel && base.modelId === checkpoint.modelId) || (await ancestryOf(db, checkpoint)).has(base.digest))
      continue;
    const [own, other] = [checkpoint.id, id].map((key) => globalId('Checkpoint', key));
    throw badInput(`Checkpoint ${own} does not descend from the base, checkpoint ${other}`, {
      field: `input.checkpoints.${i}`,
      expected: 'checkpoints of runs that started from the base, or from its descendants',
      remedy: 'Leave the base out to take the deltas from the model, or name an ancestor of all checkpoints.',
    });
  }
  return isModel ? null : id;
}
