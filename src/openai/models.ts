/** GET /v1/models and /v1/models/{model}: what can be named as `model`. */

import { globalId } from '../db/global-id.ts';
import type { CheckpointRow } from '../db/schema.ts';
import { namedCheckpoints, unnamedCheckpoints } from '../services/checkpoints/checkpoints.ts';
import { requireRow } from '../services/common/rows.ts';
import type { Tandem } from '../services/tandem.ts';
import { modelByName } from './model-name.ts';
import type { ModelList, ModelObject } from './types.ts';

/** Checkpoints that are listed: those with an alias, and the newest of the others. */
const mostListed = 1_000;

/** Checkpoints by their alias, the others by their id; those with an alias first. */
export async function listModels(tandem: Tandem): Promise<ModelList> {
  const named = await namedCheckpoints(tandem, mostListed);
  const others = await unnamedCheckpoints(tandem, mostListed - named.length);
  return { object: 'list', data: [...named, ...others].map(modelObject) };
}

/** The checkpoint that `model` names, under that name. */
export async function getModel(tandem: Tandem, model: string): Promise<ModelObject> {
  const { checkpointId } = await modelByName(tandem, model);
  return { ...modelObject(await requireRow(tandem.database.db, 'checkpoints', checkpointId, 'model')), id: model };
}

const modelObject = ({ id, alias, createdAt }: CheckpointRow): ModelObject => ({
  id: alias ?? globalId('Checkpoint', id),
  object: 'model',
  created: Math.floor(createdAt.getTime() / 1_000),
  owned_by: 'tandem',
});
