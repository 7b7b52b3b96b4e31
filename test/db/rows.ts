/** Rows that many tests need, with nothing special about them. */
import { createHash, randomUUID } from 'node:crypto';
import { eq } from 'drizzle-orm';
import type { Executor } from '../../src/db/open.ts';
import {
  type CheckpointRow,
  type CollectionRow,
  checkpoints,
  collections,
  datasets,
  jobs,
  type ModelRow,
  models,
  type NewDataset,
  type NewModel,
  type RunRow,
  runDatasets,
  runs,
  runsWithJobs,
} from '../../src/db/schema.ts';
import { plainPipeline } from '../../src/model/types.ts';
import { defaultRunSettings, type RunSettings } from '../../src/train/catalog.ts';

export const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex');

export const newModel = (changes: Partial<NewModel> = {}): NewModel => ({
  name: 'small',
  family: 'bert',
  digest: digestOf('theta_0'),
  bytes: 1000,
  architecture: { layers: 1, width: 8, heads: 2, innerWidth: 16, maxPositions: 32 },
  dimension: 8,
  layers: 1,
  parameters: 1000,
  vocabularySize: 100,
  maxLength: 32,
  pooling: ['mean'],
  pipeline: { ...plainPipeline, prompts: {} },
  includePrompt: true,
  templates: { query: '', sts: '', passage: '' },
  seed: 1,
  source: 'scratch',
  ...changes,
});

export const newDataset = (changes: Partial<NewDataset> = {}): NewDataset => ({
  name: `set-${randomUUID()}`,
  version: 1,
  task: 'ir',
  digest: digestOf('records'),
  bytes: 1000,
  counts: { train: 10, dev: 0, test: 0 },
  documentCounts: { train: 0, dev: 0, test: 0 },
  scale: [0, 1],
  warnings: [],
  importer: 'codiemb-jsonl',
  importOptions: {},
  source: 'sample',
  ...changes,
});

export async function insertModel(db: Executor, changes: Partial<NewModel> = {}): Promise<ModelRow> {
  const [model] = await db.insert(models).values(newModel(changes)).returning();
  return model;
}

export async function collectionOf(
  db: Executor,
  dimension: number,
): Promise<{ collection: CollectionRow; checkpoint: CheckpointRow }> {
  const model = await insertModel(db, { dimension });
  const [checkpoint] = await db
    .insert(checkpoints)
    .values({ reason: 'initial', modelId: model.id, digest: model.digest, bytes: model.bytes })
    .returning();
  const [collection] = await db
    .insert(collections)
    .values({ name: randomUUID(), checkpointId: checkpoint.id, dimension })
    .returning();
  return { collection, checkpoint };
}

/** A QUEUED run over one data set, of a new model unless one is named. Its job is made here unless it is there. */
export async function insertRun(
  db: Executor,
  settings: Partial<RunSettings> = {},
  id: string = randomUUID(),
  modelId?: string,
): Promise<RunRow> {
  const model = { id: modelId ?? (await insertModel(db)).id };
  const [dataset] = await db.insert(datasets).values(newDataset()).returning();
  const uses = [{ kind: 'run', id } as const];
  await db
    .insert(jobs)
    .values({ id, kind: 'train', input: { runId: id }, uses })
    .onConflictDoNothing();
  await db.insert(runs).values({
    id,
    name: 'test',
    modelId: model.id,
    settings: { ...defaultRunSettings, dropout: 0.1, attentionDropout: 0.1, ...settings },
  });
  await db.insert(runDatasets).values({ runId: id, position: 0, datasetId: dataset.id });
  const [run] = await db.select().from(runsWithJobs).where(eq(runsWithJobs.id, id));
  return run;
}
