/** What the work of the faults needs before it begins: data, models and a collection, made through the public API. */
import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CreateCollectionDocument, type ImportSource, type TandemClient } from '../../src/client/index.ts';
import { checkpointsOf, createModel, exportCheckpoint, importDataset, startRun } from './requests.ts';
import { lineOf } from './texts.ts';
import { finish } from './training.ts';

/** Ids on one server; they last over its restarts. */
export interface Place {
  readonly dataDir: string;
  /** Many records of similarity below the import folder. */
  readonly file: string;
  /** Few records of similarity below the import folder. */
  readonly few: string;
  /** A model folder below the import folder. */
  readonly folder: string;
  /** Few records of similarity. */
  readonly dataset: string;
  /** Many records of similarity: a vocabulary takes its time. */
  readonly texts: string;
  /** Records of search. */
  readonly search: string;
  /** Quick to compute with. */
  readonly model: string;
  readonly checkpoint: string;
  /** A model with large files, because it has many wide positions, and its checkpoint. */
  readonly largeModel: string;
  readonly large: string;
  /** Trained checkpoints of one model with many positions. */
  readonly trained: readonly string[];
  readonly collection: string;
}

const file = 'lines.jsonl';
const few = 'few.jsonl';
const folder = 'model';

/** Prepares a server that runs on a new data folder. Places of different seeds share no row and no file. */
export async function preparePlace(client: TandemClient, dataDir: string, seed = 1): Promise<Place> {
  const imports = join(dataDir, 'import');
  await mkdir(imports, { recursive: true });
  const lines = (count: number) =>
    Array.from({ length: count }, (_, i) => `${lineOf(1_000_000 * seed + i, 12)}\n`).join('');
  await writeFile(join(imports, file), lines(40_000));
  await writeFile(join(imports, few), lines(400));
  const named = (name: string) => `${name} ${seed}`;
  const bring = async (name: string, source: ImportSource) =>
    (await importDataset(client, named(name), source, undefined)).dataset.id;
  const dataset = await bring('few', { path: few });
  const texts = await bring('texts', { path: file });
  const search = await bring('search', { sample: { task: 'IR', seed } });

  const make = (name: string, maxPositions: number, width: number) =>
    createModel(client, { name: named(name), dataset, seed, vocabularySize: 256, maxPositions, width }, undefined);
  const model = await make('small', 64, 32);
  const [long, large] = [await make('long', 32_768, 128), await make('large', 32_768, 1_024)];
  const run = await startRun(
    client,
    { name: named('run'), model: long.id, dataset, seed, batches: 4, every: 2 },
    undefined,
  );
  await finish(client, run);
  const trained = (await checkpointsOf(client, run)).filter(({ step }) => step > 0).map(({ id }) => id);

  await takeOut(client, dataDir, long.checkpoint.id, folder);
  const { createCollection } = await client.execute(CreateCollectionDocument, {
    input: { name: named('documents'), checkpoint: { id: model.checkpoint.id } },
  });
  return {
    ...{ dataDir, file, few, folder, dataset, texts, search, model: model.id, checkpoint: model.checkpoint.id },
    ...{ largeModel: large.id, large: large.checkpoint.id, trained, collection: createCollection.collection.id },
  };
}

/** Puts a checkpoint as a model folder into the import folder. */
export async function takeOut(client: TandemClient, dataDir: string, checkpoint: string, name: string): Promise<void> {
  await exportCheckpoint(client, checkpoint, name, undefined);
  // Its path as the answer names it need not be the path here.
  const exported = join(dataDir, 'export', name);
  await cp(exported, join(dataDir, 'import', name), { recursive: true });
  await rm(exported, { recursive: true });
}
