/** A request to train that is sent again after what it starts from has lost its optimizer state. */
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadConfig } from '../../../src/config.ts';
import { checkpoints, datasets, runs } from '../../../src/db/schema.ts';
import { planRun } from '../../../src/services/runs/plan-run.ts';
import type { RunRequest } from '../../../src/services/runs/stages.ts';
import { startRun } from '../../../src/services/runs/start-run.ts';
import type { Tandem } from '../../../src/services/tandem.ts';
import { defaultRunSettings } from '../../../src/train/catalog.ts';
import { digestOf, insertRun, newDataset } from '../../db/rows.ts';
import { openWorkplace, type Workplace } from '../../jobs/workplace.ts';

const { signal } = new AbortController();
let place: Workplace;
beforeAll(async () => {
  place = await openWorkplace();
  await place.restartJobs({ claims: false });
});
afterAll(() => place.close());

async function requestFrom(): Promise<{ tandem: Tandem; request: RunRequest; checkpointId: string }> {
  const { database, storage, jobs } = place;
  const { db } = database;
  const before = await insertRun(db);
  const [start] = await db
    .insert(checkpoints)
    .values({
      ...{ reason: 'epoch', modelId: before.modelId, runId: before.id, bytes: 1, epoch: 1, attempt: 1, step: 10 },
      ...{ digest: digestOf('trained'), stateDigest: digestOf('its state') },
    })
    .returning();
  const [dataset] = await db
    .insert(datasets)
    .values(newDataset({ counts: { train: 64, dev: 0, test: 0 } }))
    .returning();
  const { losses: _, dev: __, preset: ___, ...settings } = defaultRunSettings;
  const request: RunRequest = {
    origin: { checkpointId: start!.id },
    datasets: [{ datasetId: dataset!.id, weight: 1 }],
    settings: { ...settings, maxLength: 16, optimizerState: 'kept' },
    idempotencyKey: 'kept once',
  };
  const tandem = { config: loadConfig({}), database, storage, jobs, startedAt: new Date() } as Tandem;
  return { tandem, request, checkpointId: start!.id };
}

it('finds the run that its key made; a new one is refused', async () => {
  const { tandem, request, checkpointId } = await requestFrom();
  const { db } = place.database;
  const [run] = await startRun(tandem, request, signal);
  await db.update(checkpoints).set({ stateDigest: null }).where(eq(checkpoints.id, checkpointId));
  expect((await startRun(tandem, request, signal)).map(({ id }) => id)).toEqual([run.id]);
  const count = (await db.select().from(runs)).length;
  const gone = {
    code: 'BAD_USER_INPUT',
    message: expect.stringContaining('which is gone'),
    details: { field: 'input.settings.optimizerState' },
  };
  await expect(startRun(tandem, { ...request, idempotencyKey: 'another' }, signal)).rejects.toMatchObject(gone);
  await expect(planRun(tandem, request, signal)).rejects.toMatchObject(gone);
  expect(await db.select().from(runs)).toHaveLength(count);
});

it('is not asked for teacher scores once its caller has gone, and makes no run', async () => {
  const { tandem, request } = await requestFrom();
  const distilled: RunRequest = {
    ...request,
    settings: { ...request.settings, losses: { ir: [{ loss: 'score-distillation' }] }, optimizerState: 'fresh' },
    idempotencyKey: 'left alone',
  };
  const count = (await place.database.db.select().from(runs)).length;
  await expect(startRun(tandem, distilled, AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' });
  expect(await place.database.db.select().from(runs)).toHaveLength(count);
});
