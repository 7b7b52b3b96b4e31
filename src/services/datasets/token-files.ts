/**
 * Token files belong to a data set version and a model (data/tokenize-dataset.ts): they lie below both, so that each takes
 * them along when it is deleted. What a run reads is safe, because a run keeps its data sets and its model. They can be
 * made again at any time, so what a killed process left is removed without much ado.
 */
import { eq } from 'drizzle-orm';
import type { Database } from '../../db/open.ts';
import { datasets, models } from '../../db/schema.ts';
import type { Storage } from '../../storage/storage.ts';

interface Place {
  readonly storage: Storage;
  readonly database: Pick<Database, 'db'>;
}

/** After the last version of this content was deleted, under the lock of imports. */
export async function removeTokensOfDataset({ storage }: Place, digest: string): Promise<void> {
  await storage.remove('tokens', digest);
}

/** After a model was deleted, under the lock of model folders; another model of the same content keeps the files. */
export async function removeTokensOfModel({ storage, database: { db } }: Place, digest: string): Promise<void> {
  const sharing = await db.select({ id: models.id }).from(models).where(eq(models.digest, digest)).limit(1);
  if (sharing.length > 0) return;
  for (const dataset of await storage.list('tokens')) await storage.remove('tokens', `${dataset}/${digest}`);
}

/** Removes those whose data set or model is gone. At start, before anything reads them. */
export async function sweepTokenFiles({ storage, database: { db } }: Place): Promise<void> {
  const [ofDatasets, ofModels] = [
    await db.selectDistinct({ digest: datasets.digest }).from(datasets),
    await db.selectDistinct({ digest: models.digest }).from(models),
  ].map((rows) => new Set(rows.map(({ digest }) => digest)));
  for (const dataset of await storage.list('tokens')) {
    if (!ofDatasets?.has(dataset)) {
      await storage.remove('tokens', dataset);
      continue;
    }
    for (const model of await storage.list('tokens', dataset))
      if (!ofModels?.has(model)) await storage.remove('tokens', `${dataset}/${model}`);
  }
}
