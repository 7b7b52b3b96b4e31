/**
 * Token files belong to a data set version and a model and lie below both digests (tokens/tokenize-dataset.ts). They
 * can be made again at any time, so a file stays exactly as long as rows name its data set and its model. What a run
 * reads is safe, because a run keeps its data sets and its model.
 */
import type { Db } from '../db/open.ts';
import { datasets, models } from '../db/schema.ts';
import type { Storage } from '../storage/storage.ts';
import type { FolderKind } from './uses.ts';

/** Removes the token files of a data set or model whose folder was removed. */
export async function removeTokensOf(storage: Storage, kind: FolderKind, digest: string): Promise<void> {
  if (kind === 'datasets') await storage.remove('tokens', digest);
  if (kind !== 'models') return;
  for (const dataset of await storage.list('tokens')) await storage.remove('tokens', `${dataset}/${digest}`);
}

/** Named by a digest, as earlier layouts were, too. */
const isOurs = (name: string): boolean => /^[0-9a-f]{64}(\.bin)?$/.test(name);

/** At start: removes the token files whose data set or model is gone, and those of 0.2.0, which have no manifest. */
export async function removeUnusedTokens({
  storage,
  db,
}: {
  readonly storage: Storage;
  readonly db: Db;
}): Promise<void> {
  const kept = await storage.list('tokens');
  if (kept.length === 0) return;
  const [ofDatasets, ofModels] = [
    await db.selectDistinct({ digest: datasets.digest }).from(datasets),
    await db.selectDistinct({ digest: models.digest }).from(models),
  ].map((rows) => new Set(rows.map(({ digest }) => digest)));
  for (const dataset of kept) {
    if (!isOurs(dataset)) continue;
    if (!ofDatasets?.has(dataset)) {
      await storage.remove('tokens', dataset);
      continue;
    }
    for (const model of await storage.list('tokens', dataset)) {
      const name = `${dataset}/${model}`;
      if (!ofModels?.has(model)) await storage.remove('tokens', name);
      else await removeWithoutManifest(storage, name);
    }
  }
}

async function removeWithoutManifest(storage: Storage, folder: string): Promise<void> {
  for (const name of await storage.list('tokens', folder)) {
    if (name.endsWith('.bin')) await storage.remove('tokens', `${folder}/${name}`);
  }
}
