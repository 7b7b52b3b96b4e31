/** Token files go with their data set and with their model, and never before. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { checkpoints, datasets, jobs, type ModelRow, models, runDatasets } from '../../src/db/schema.ts';
import { removeUnusedTokens } from '../../src/retention/token-files.ts';
import { deleteRows } from '../../src/services/common/editing/remove.ts';
import * as datasetService from '../../src/services/datasets/datasets.ts';
import * as modelService from '../../src/services/models/models.ts';
import * as runService from '../../src/services/runs/runs.ts';
import type { Tandem } from '../../src/services/tandem.ts';
import { digestOf, insertModel, insertRun, newDataset } from '../db/rows.ts';
import { openWorkplace, type Workplace } from '../jobs/workplace.ts';

let place: Workplace;
let tandem: Tandem;
beforeAll(async () => {
  place = await openWorkplace();
  const { database, storage, jobs, dataDir } = place;
  tandem = { config: loadConfig({ TANDEM_DATA: dataDir }), database, storage, jobs, startedAt: new Date() } as Tandem;
});
beforeEach(() => removeUnusedTokens({ storage: tandem.storage, db: tandem.database.db }));
afterAll(() => place.close());

async function makeModel(name: string): Promise<ModelRow> {
  const { db } = place.database;
  const model = await insertModel(db, { digest: digestOf(name) });
  const { id: modelId, digest, bytes } = model;
  await db.insert(checkpoints).values({ reason: 'initial', modelId, digest, bytes });
  return model;
}

const makeDataset = async (name: string) => {
  const [row] = await place.database.db
    .insert(datasets)
    .values(newDataset({ digest: digestOf(name) }))
    .returning();
  return row!;
};

async function makeFile(...parts: readonly string[]): Promise<string> {
  const staged = await place.storage.stage();
  await writeFile(join(staged, 'x'), 'tokens');
  const name = parts.join('/');
  await place.storage.publishFile('tokens', join(staged, 'x'), name);
  await place.storage.discard(staged);
  return name;
}

const thereOf = (names: readonly string[]) => Promise.all(names.map((name) => place.storage.exists('tokens', name)));

describe('token files', () => {
  it('go with their data set, unless another version has its content', async () => {
    const [model, first, twin, other] = [
      await makeModel('m1'),
      await makeDataset('a'),
      await makeDataset('a'),
      await makeDataset('b'),
    ];
    const files = [await makeFile(first.digest, model.digest, 'x'), await makeFile(other.digest, model.digest, 'x')];
    await deleteRows(tandem, datasetService.deletion, [first.id]);
    expect(await thereOf(files)).toEqual([true, true]);
    await deleteRows(tandem, datasetService.deletion, [twin.id]);
    expect(await thereOf(files)).toEqual([false, true]);
    expect(await place.storage.list('tokens')).toContain(other.digest);
    expect(await place.storage.list('tokens')).not.toContain(first.digest);
  });

  it('go with their model, unless another has its content', async () => {
    const set = await makeDataset('c');
    const [first, twin, other] = [await makeModel('m2'), await makeModel('m2'), await makeModel('m3')];
    const files = [await makeFile(set.digest, first.digest, 'x'), await makeFile(set.digest, other.digest, 'x')];
    await deleteRows(tandem, modelService.deletion, [first.id]);
    expect(await thereOf(files)).toEqual([true, true]);
    await deleteRows(tandem, modelService.deletion, [twin.id]);
    expect(await thereOf(files)).toEqual([false, true]);
  });

  it('stay while a run needs them', async () => {
    const { db } = place.database;
    const run = await insertRun(db);
    const [model] = await db.select().from(models).where(eq(models.id, run.modelId));
    await db.insert(checkpoints).values({ reason: 'initial', modelId: run.modelId, digest: model!.digest, bytes: 1 });
    const [named] = await db.select().from(runDatasets).where(eq(runDatasets.runId, run.id));
    const [dataset] = await db.select().from(datasets).where(eq(datasets.id, named!.datasetId));
    const file = await makeFile(dataset!.digest, model!.digest, 'x');
    await expect(deleteRows(tandem, datasetService.deletion, [dataset!.id])).rejects.toMatchObject({
      code: 'CONFLICT',
    });
    await expect(deleteRows(tandem, modelService.deletion, [run.modelId])).rejects.toMatchObject({ code: 'CONFLICT' });
    await removeUnusedTokens({ storage: tandem.storage, db: tandem.database.db });
    expect(await thereOf([file])).toEqual([true]);
    await db.update(jobs).set({ state: 'CANCELLED' }).where(eq(jobs.id, run.id));
    await deleteRows(tandem, runService.deletion, [run.id]);
    await deleteRows(tandem, modelService.deletion, [run.modelId]);
    expect(await thereOf([file])).toEqual([false]);
  });

  it('that nothing names are removed at start', async () => {
    const [set, model] = [await makeDataset('d'), await makeModel('m4')];
    const kept = await makeFile(set.digest, model.digest, 'x');
    const lost = [
      await makeFile(digestOf('gone'), model.digest, 'x'),
      await makeFile(set.digest, digestOf('gone'), 'x'),
      await makeFile(`${digestOf('earlier layout')}.bin`),
      await makeFile(set.digest, model.digest, 'x.bin'),
    ];
    await removeUnusedTokens({ storage: tandem.storage, db: tandem.database.db });
    expect(await thereOf([kept, ...lost])).toEqual([true, false, false, false, false]);
  });
});
