/** The rows that jobs read. What a job uses is not deleted while it is live, so a missing one is a defect elsewhere. */
import { eq, inArray } from 'drizzle-orm';
import type { Executor } from '../../../db/open.ts';
import {
  type CheckpointRow,
  type CollectionRow,
  checkpoints,
  collections,
  type DatasetRow,
  datasets,
  type ModelRow,
  models,
} from '../../../db/schema.ts';
import { notFound } from '../../../errors.ts';

const missing = (what: string, id: string) =>
  notFound(`There is no ${what} ${id}`, {
    field: id,
    expected: `a ${what} that exists`,
    remedy: 'It was deleted after the request was made: send another one.',
  });

export async function findDataset(db: Executor, id: string): Promise<DatasetRow> {
  const [row] = await db.select().from(datasets).where(eq(datasets.id, id));
  if (!row) throw missing('data set', id);
  return row;
}

export async function findModel(db: Executor, id: string): Promise<ModelRow> {
  const [row] = await db.select().from(models).where(eq(models.id, id));
  if (!row) throw missing('model', id);
  return row;
}

export async function findCheckpoint(db: Executor, id: string): Promise<CheckpointRow> {
  const [row] = await db.select().from(checkpoints).where(eq(checkpoints.id, id));
  if (!row) throw missing('checkpoint', id);
  return row;
}

/** In the order of the ids. */
export async function findCheckpoints(db: Executor, ids: readonly string[]): Promise<CheckpointRow[]> {
  const rows = await db
    .select()
    .from(checkpoints)
    .where(inArray(checkpoints.id, [...ids]));
  const found = new Map(rows.map((row) => [row.id, row]));
  return ids.map((id) => {
    const row = found.get(id);
    if (!row) throw missing('checkpoint', id);
    return row;
  });
}

export async function findCollection(db: Executor, id: string): Promise<CollectionRow> {
  const [row] = await db.select().from(collections).where(eq(collections.id, id));
  if (!row) throw missing('collection', id);
  return row;
}
