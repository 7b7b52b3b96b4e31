/** The `model` of a request: a checkpoint's alias or id, or a model's id, and after a colon the role of its texts. */
import { parseGlobalId } from '../db/global-id.ts';
import type { TextRole } from '../model/types.ts';
import { checkpointByAlias } from '../services/checkpoints/checkpoints.ts';
import { initialCheckpoint } from '../services/models/models.ts';
import type { Tandem } from '../services/tandem.ts';

const roles = ['query', 'passage', 'sts'] as const satisfies readonly TextRole[];

export interface NamedModel {
  readonly checkpointId: string;
  readonly role: TextRole;
}

/** NOT_FOUND for an alias that no checkpoint has; whether an id exists is told by what reads it. */
export async function modelByName(tandem: Tandem, model: string): Promise<NamedModel> {
  const colon = model.lastIndexOf(':');
  const role = roles.find((known) => known === model.slice(colon + 1));
  const name = role !== undefined && colon > 0 ? model.slice(0, colon) : model;
  return { checkpointId: await checkpointOf(tandem, name), role: (colon > 0 && role) || 'passage' };
}

async function checkpointOf(tandem: Tandem, name: string): Promise<string> {
  const id = parseGlobalId(name);
  if (id?.type === 'Checkpoint') return id.key;
  return id?.type === 'Model' ? initialCheckpoint(tandem, id.key, 'model') : checkpointByAlias(tandem, name, 'model');
}
