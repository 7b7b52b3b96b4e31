/** What a running job uses is not deleted. */
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { globalId } from '../../src/db/global-id.ts';
import type { Use } from '../../src/db/schema/types.ts';
import {
  architectureSearches,
  type CheckpointRow,
  type CollectionRow,
  checkpoints,
  type DatasetRow,
  datasets,
  jobs,
} from '../../src/db/schema.ts';
import * as checkpointService from '../../src/services/checkpoints/checkpoints.ts';
import * as collectionService from '../../src/services/collections/collections.ts';
import { deleteRows } from '../../src/services/common/editing/remove.ts';
import * as datasetService from '../../src/services/datasets/datasets.ts';
import * as modelService from '../../src/services/models/models.ts';
import type { Tandem } from '../../src/services/tandem.ts';
import { defaultArchitectureSearch } from '../../src/train/architecture-search/catalog.ts';
import { defaultRunSettings } from '../../src/train/catalog.ts';
import { collectionOf, digestOf, newDataset } from '../db/rows.ts';
import { openWorkplace, type Workplace } from '../jobs/workplace.ts';

let place: Workplace;
let tandem: Tandem;
let dataset: DatasetRow;
let collection: CollectionRow;
let own: CheckpointRow;
let fused: CheckpointRow;

beforeAll(async () => {
  place = await openWorkplace();
  const { database, storage, jobs: opened, dataDir } = place;
  tandem = {
    config: loadConfig({ TANDEM_DATA: dataDir }),
    database,
    storage,
    jobs: opened,
    startedAt: new Date(),
  } as Tandem;
});
/** What a job reads, and no other test has. */
beforeEach(async () => {
  const { database } = place;
  const made = await collectionOf(database.db, 4);
  [collection, own] = [made.collection, made.checkpoint];
  const fusion = { method: 'uniform-soup', parameters: {} } as const;
  const values = { reason: 'fused', modelId: own.modelId, digest: digestOf('fused'), bytes: 1, fusion } as const;
  fused = (await database.db.insert(checkpoints).values(values).returning())[0]!;
  dataset = (
    await database.db
      .insert(datasets)
      .values(newDataset({ digest: digestOf('used') }))
      .returning()
  )[0]!;
});
afterAll(() => place.close());

describe('while a job runs', () => {
  async function withJob(
    kind: 'evaluate' | 'fuse' | 'embed-collection' | 'create-model',
    uses: readonly Use[],
    work: () => Promise<unknown>,
  ) {
    const { db } = place.database;
    const values = { kind, input: {}, uses };
    const [job] = await db.insert(jobs).values(values).returning();
    const message = expect.stringContaining(`job ${globalId('Job', job!.id)} (${kind})`);
    await expect(work()).rejects.toMatchObject({ code: 'CONFLICT', message, details: { field: 'id' } });
    await db.update(jobs).set({ state: 'SUCCEEDED' }).where(eq(jobs.id, job!.id));
  }

  const use = (kind: Use['kind'], { id }: { readonly id: string }): Use => ({ kind, id });

  it('neither its data set nor its checkpoint is deleted', async () => {
    const uses = [use('dataset', dataset), use('checkpoint', fused)];
    await withJob('evaluate', uses, () => deleteRows(tandem, datasetService.deletion, [dataset.id]));
    await withJob('evaluate', uses, () => deleteRows(tandem, checkpointService.deletion, [fused.id]));
    await withJob('create-model', [use('dataset', dataset)], () =>
      deleteRows(tandem, datasetService.deletion, [dataset.id]),
    );
  });

  it('its collection, the checkpoints of a fusion and their model are not deleted', async () => {
    await withJob('embed-collection', [use('collection', collection)], () =>
      deleteRows(tandem, collectionService.deletion, [collection.id]),
    );
    const parents = [use('checkpoint', own), use('checkpoint', fused)];
    await withJob('fuse', parents, () => deleteRows(tandem, checkpointService.deletion, [fused.id]));
    await withJob('fuse', parents, () => deleteRows(tandem, modelService.deletion, [own.modelId]));
  });
});

it.each(['datasets', 'devSets'] as const)('the %s of an interrupted search over architectures stay', async (column) => {
  const { db } = place.database;
  const [job] = await db
    .insert(jobs)
    .values({ kind: 'search-architecture', state: 'INTERRUPTED', input: {} })
    .returning();
  const { configurations, eta, seed, keep } = defaultArchitectureSearch;
  const entries = {
    ...{ datasets: [], devSets: [] },
    [column]: [{ datasetId: dataset.id, weight: 1, split: 'dev', pooled: false }],
  };
  const settings = { ...defaultRunSettings, dropout: 0, attentionDropout: 0 };
  const space = { innerLayers: [], lossWeights: [], poolings: [], heads: [] };
  await db.insert(architectureSearches).values({
    ...{ id: job!.id, name: 'stopped', modelId: own.modelId, settings, teacherId: fused.id },
    ...{ space, configurations, eta, seed, steps: 9, keep, ...entries },
  });
  const message = expect.stringContaining('architecture search "stopped"');
  const refused = { code: 'CONFLICT', message, details: { field: 'id' } };
  await expect(deleteRows(tandem, datasetService.deletion, [dataset.id])).rejects.toMatchObject(refused);
  await expect(deleteRows(tandem, checkpointService.deletion, [fused.id])).rejects.toMatchObject(refused);
  await db.update(jobs).set({ state: 'CANCELLED' }).where(eq(jobs.id, job!.id));
  await deleteRows(tandem, datasetService.deletion, [dataset.id]);
});

it('once the jobs have ended, everything is', async () => {
  await deleteRows(tandem, datasetService.deletion, [dataset.id]);
  await deleteRows(tandem, collectionService.deletion, [collection.id]);
  await deleteRows(tandem, checkpointService.deletion, [fused.id]);
  await deleteRows(tandem, modelService.deletion, [own.modelId]);
});
