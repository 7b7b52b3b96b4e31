/** The models of a search's candidates: derived by parts of its job, through stops, failures and cancellation. */
import { and, asc, eq } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import {
  architectureCandidates,
  architectureSearchesWithJobs,
  architectureTrials,
  checkpoints,
  datasets,
  jobs as jobRows,
  models,
} from '../../../src/db/schema.ts';
import type { PoolingMode } from '../../../src/model/types.ts';
import { startArchitectureSearch } from '../../../src/services/architecture-searches/start.ts';
import { deleteRows } from '../../../src/services/common/editing/remove.ts';
import { deletion as jobDeletion } from '../../../src/services/jobs/jobs.ts';
import { deletion as modelDeletion } from '../../../src/services/models/models.ts';
import type { Tandem } from '../../../src/services/tandem.ts';
import { defaultArchitectureSearch } from '../../../src/train/architecture-search/catalog.ts';
import { defaultRunSettings } from '../../../src/train/catalog.ts';
import { insertModel, newDataset } from '../../db/rows.ts';
import { openWorkplace, type Workplace } from '../workplace.ts';

let place: Workplace;
let tandem: Tandem;
beforeAll(async () => {
  place = await openWorkplace();
  tandem = place as unknown as Tandem;
});
afterAll(() => place.close());

const soon = { timeout: 15_000, interval: 10 };

/** Asks for a search over the mean, which its model has, the first and the last token. */
async function startSearch(): Promise<string> {
  const { db } = place.database;
  const { id: modelId, digest, bytes } = await insertModel(db);
  await db.insert(checkpoints).values({ reason: 'initial', modelId, digest, bytes });
  const [data] = await db
    .insert(datasets)
    .values(newDataset({ counts: { train: 32, dev: 4, test: 0 } }))
    .returning();
  const given = { irBatchSize: 8, maxLength: 16, maxBatches: 9, epochs: 9, dropout: 0, attentionDropout: 0 };
  const poolings: PoolingMode[][] = [['mean'], ['cls'], ['lasttoken']];
  const request = {
    ...{ ...defaultArchitectureSearch, configurations: 3, name: 'poolings', modelId },
    datasets: [{ datasetId: data!.id, weight: 1 }],
    devSets: [{ datasetId: data!.id, split: 'dev' as const, pooled: false }],
    settings: { ...defaultRunSettings, ...given },
    space: { innerLayers: [], lossWeights: [], poolings, heads: [] },
  };
  return (await startArchitectureSearch(tandem, request, new AbortController().signal)).id;
}

const find = async (id: string) =>
  (
    await place.database.db.select().from(architectureSearchesWithJobs).where(eq(architectureSearchesWithJobs.id, id))
  )[0]!;
const derivationsOf = (id: string) =>
  place.database.db
    .select()
    .from(jobRows)
    .where(and(eq(jobRows.partOf, id), eq(jobRows.kind, 'derive-model')))
    .orderBy(asc(jobRows.createdAt));
const statesOf = async (id: string) => (await derivationsOf(id)).map(({ state }) => state);
const trialsOf = (id: string) =>
  place.database.db.select().from(architectureTrials).where(eq(architectureTrials.searchId, id));
/** The poolings of the candidates' models, that of the default configuration first. */
async function poolingsOf(id: string) {
  const rows = await place.database.db
    .select({ pooling: models.pooling })
    .from(architectureCandidates)
    .leftJoin(models, eq(models.id, architectureCandidates.modelId))
    .where(eq(architectureCandidates.searchId, id))
    .orderBy(asc(architectureCandidates.number));
  const [own, ...others] = rows.map(({ pooling }) => pooling?.join() ?? null);
  return [own, ...others.sort()];
}
/** Resolves once the runs of the first rung are queued, and ends them with the search. */
async function untilRung(id: string): Promise<void> {
  await vi.waitFor(async () => expect(await trialsOf(id)).toHaveLength(3), soon);
  await place.jobs.cancel(id);
}

it('are derived before the first rung, through a stop, and used by the search from then on', async () => {
  await place.behave({ derivations: { cls: 'waits' }, stepMs: 1000 });
  const id = await startSearch();
  await vi.waitFor(async () => expect((await statesOf(id)).sort()).toEqual(['RUNNING', 'SUCCEEDED']), soon);
  expect(await find(id)).toMatchObject({ state: 'RUNNING' });
  expect(await poolingsOf(id)).toEqual(['mean', null, null]);

  const done = (await derivationsOf(id)).find(({ state }) => state === 'SUCCEEDED')!;
  const message = expect.stringContaining('architecture search "poolings"');
  await expect(deleteRows(tandem, modelDeletion, [done.resultId!])).rejects.toMatchObject({
    code: 'CONFLICT',
    message,
  });
  await expect(deleteRows(tandem, jobDeletion, [done.id])).rejects.toMatchObject({
    ...{ code: 'CONFLICT', message: expect.stringMatching(/^The job is a part of job \S+, which is QUEUED$/) },
  });

  await place.restartJobs({ claims: false });
  expect((await statesOf(id)).sort()).toEqual(['QUEUED', 'SUCCEEDED']);
  await place.behave({ stepMs: 1000 });
  await place.restartJobs();
  await vi.waitFor(async () => expect(await trialsOf(id)).toHaveLength(3), soon);
  expect(await poolingsOf(id)).toEqual(['mean', 'cls', 'lasttoken']);
  const [job] = await place.database.db.select().from(jobRows).where(eq(jobRows.id, id));
  const used = job!.uses.filter(({ kind }) => kind === 'checkpoint').map((use) => use.id);
  expect(new Set(used).size).toBe(3);
  await place.jobs.cancel(id);
});

it('are not waited for by who asks for the search, and not derived any more once that is cancelled', async () => {
  await place.behave({ derivations: { cls: 'waits', lasttoken: 'waits' } });
  const id = await startSearch();
  expect(await poolingsOf(id)).toEqual(['mean', null, null]);
  await vi.waitFor(async () => expect(await statesOf(id)).toEqual(['RUNNING', 'RUNNING']), soon);
  await place.jobs.cancel(id);
  expect(await find(id)).toMatchObject({ state: 'CANCELLED' });
  expect(await statesOf(id)).toEqual(['CANCELLED', 'CANCELLED']);
  expect(await poolingsOf(id)).toEqual(['mean', null, null]);
});

it.each([
  ['BAD_USER_INPUT', 'FAILED'],
  ['UNAVAILABLE', 'INTERRUPTED'],
] as const)('that fail with %s leave the search %s with the cause', async (code, state) => {
  await place.behave({ derivations: { lasttoken: code } });
  const id = await startSearch();
  await vi.waitFor(async () => expect(await find(id)).toMatchObject({ state }), soon);
  const message = expect.stringMatching(/^The model "small, lasttoken, .*" could not be derived: as the test has it$/);
  expect(await find(id)).toMatchObject({ error: { code, message, field: 'pooling' } });
  expect(await poolingsOf(id)).toEqual(['mean', 'cls', null]);
  expect(await trialsOf(id)).toEqual([]);
});

it('that failed are derived anew when the search is resumed, and no others', async () => {
  await place.behave({ derivations: { lasttoken: 'UNAVAILABLE' } });
  const id = await startSearch();
  await vi.waitFor(async () => expect(await find(id)).toMatchObject({ state: 'INTERRUPTED' }), soon);
  const before = await place.database.db.$count(models);
  await place.behave({ stepMs: 1000 });
  await place.jobs.resumeSearch(id);
  await untilRung(id);
  expect(await poolingsOf(id)).toEqual(['mean', 'cls', 'lasttoken']);
  expect(await place.database.db.$count(models)).toBe(before + 1);
});
