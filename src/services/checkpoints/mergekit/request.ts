/** A fusion from a configuration of mergekit: its models are looked up among checkpoints and models. */
import { desc, eq } from 'drizzle-orm';
import { type CheckpointRow, checkpoints, models } from '../../../db/schema.ts';
import { badInput, notFound } from '../../../errors.ts';
import { initialCheckpoint } from '../../models/models.ts';
import type { Tandem } from '../../tandem.ts';
import type { FuseRequest } from '../fuse.ts';
import { readMergekit } from './translate.ts';

export interface MergekitRequest {
  readonly text: string;
  /** Keys of checkpoints by names in the text; they go before aliases and models of the name. */
  readonly named: ReadonlyMap<string, string>;
}

/** `field` is the path of the text. Throws for a name that stands for nothing, or for several models. */
export async function mergekitRequest(
  tandem: Tandem,
  { text, named }: MergekitRequest,
  field: string,
): Promise<FuseRequest> {
  const { models: merged, base, plan } = readMergekit(text, field);
  refuseUnused(named, [...merged.map(({ name }) => name), base]);
  const checkpointIds: string[] = [];
  for (const model of merged) checkpointIds.push(await keyOf(tandem, named, model.name, model.field));
  const baseId = base === null ? null : await keyOf(tandem, named, base, `${field}.base_model`);
  const fields = { plan: field, checkpoint: (place: number) => merged[place]?.field ?? field };
  // The places of its inputs are spelled out, as those of a tree are.
  return { ...plan, inputs: checkpointIds.map((_, place) => place), checkpointIds, baseId, fields };
}

function refuseUnused(named: MergekitRequest['named'], names: readonly (string | null)[]): void {
  const unused = [...named.keys()].find((name) => !names.includes(name));
  if (unused === undefined) return;
  throw badInput(`The configuration merges no model "${unused.slice(0, 100)}"`, {
    field: 'input.mergekit.models',
    expected: `names of its models: ${names.filter((name) => name !== null).join(', ')}`,
    remedy: 'Name a model as the configuration does, or leave it out.',
  });
}

/** A checkpoint by its alias, else a model's untrained weights by its name. */
async function keyOf(tandem: Tandem, named: MergekitRequest['named'], name: string, field: string): Promise<string> {
  const given = named.get(name);
  if (given !== undefined) return given;
  const { db } = tandem.database;
  const [alias]: Pick<CheckpointRow, 'id'>[] = await db
    .select({ id: checkpoints.id })
    .from(checkpoints)
    .where(eq(checkpoints.alias, name));
  if (alias !== undefined) return alias.id;
  const found = await db.select({ id: models.id }).from(models).where(eq(models.name, name)).orderBy(desc(models.id));
  const [model, another] = found;
  if (model !== undefined && another === undefined) return initialCheckpoint(tandem, model.id);
  const details = {
    field,
    expected: 'the alias of a checkpoint, or the name of one model for its untrained weights',
    remedy: 'Say which checkpoint it is: `models` of the input, or --map on the command line.',
  };
  if (another !== undefined) throw badInput(`${found.length} models have the name "${name}"`, details);
  throw notFound(`There is no checkpoint or model "${name.slice(0, 100)}"`, details);
}
