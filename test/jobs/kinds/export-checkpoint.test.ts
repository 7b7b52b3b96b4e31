/** An export is a folder and the end of its job, both or neither. */
import { randomUUID } from 'node:crypto';
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eq, inArray, sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  checkpointParents,
  checkpoints,
  datasets,
  evaluations,
  jobAttempts,
  jobs,
  runDatasets,
  runStarts,
} from '../../../src/db/schema.ts';
import { folderIdentity } from '../../../src/jobs/kinds/export-checkpoint.ts';
import { collectionOf, insertRun, newDataset } from '../../db/rows.ts';
import { openWorkplace, type Workplace } from '../workplace.ts';

let place: Workplace;
let checkpointId: string;
/** The folder of the checkpoint. */
let source: string;

beforeAll(async () => {
  place = await openWorkplace();
  const { db } = place.database;
  const { checkpoint } = await collectionOf(db, 4);
  checkpointId = checkpoint.id;
  const staged = await place.storage.stage();
  await writeFile(join(staged, 'config.json'), '{}');
  const { digest } = await place.storage.publish('models', staged);
  await db.update(checkpoints).set({ digest }).where(eq(checkpoints.id, checkpointId));
  source = place.storage.path('models', digest);
});
afterAll(() => place.close());

const folderOf = (folder: string): string => join(place.dataDir, 'export', folder);
const submit = (folder: string, id = checkpointId) =>
  place.jobs.submit('export-checkpoint', {
    input: { checkpointId: id, folder, task: null },
    idempotencyKey: randomUUID(),
  });

const cardOf = (folder: string): Promise<Buffer> => readFile(join(folderOf(folder), 'README.md'));

it('leaves no folder where its job cannot be recorded, and may be asked for again', async () => {
  const { db } = place.database;
  for (const statement of [
    `create function refuse() returns trigger language plpgsql as
      $$ begin raise exception 'refused' using errcode = '58030'; end $$`,
    `create trigger refuse before update on jobs for each row when (new.state = 'SUCCEEDED') execute function refuse()`,
  ])
    await db.execute(sql.raw(statement));
  const refused = place.jobs.outcome((await submit('mine')).id);
  await expect(refused).rejects.toMatchObject({ code: 'UNAVAILABLE', details: { reason: 'database-broken' } });
  await db.execute(sql.raw('drop function refuse cascade'));
  expect(await readdir(join(place.dataDir, 'export'))).toEqual([]);
  expect(await readdir(join(place.storage.root, 'tmp'))).toEqual([]);

  expect(await place.jobs.outcome((await submit('mine')).id)).toMatchObject({
    resultId: checkpointId,
    answer: { path: folderOf('mine'), files: ['README.md', 'config.json'], bytes: 2 + (await cardOf('mine')).length },
  });
  await expect(place.jobs.outcome((await submit('mine')).id)).rejects.toMatchObject({ code: 'CONFLICT' });
  expect(await readdir(join(place.dataDir, 'export'))).toEqual(['mine']);
});

it('copies no file that Tandem did not write, and none that is not as it was written', async () => {
  await writeFile(join(source, '.DS_Store'), 'of a file manager');
  expect(await place.jobs.outcome((await submit('clean')).id)).toMatchObject({
    answer: { files: ['README.md', 'config.json'] },
  });
  await writeFile(join(source, 'config.json'), '[]');
  await expect(place.jobs.outcome((await submit('damaged')).id)).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    details: {
      ...{ reason: 'damaged-file', field: join(source, 'config.json') },
      remedy: expect.stringContaining('Restore it from a backup'),
    },
  });
  await writeFile(join(source, 'config.json'), '{}');
  expect(await readdir(join(place.dataDir, 'export'))).toEqual(['clean', 'mine']);
});

it.each([
  ['its own folder, which an earlier attempt made', true],
  ["another's folder of the same name", false],
])('begun again it finds %s', async (_, isOwn) => {
  const { db } = place.database;
  const folder = isOwn ? 'own' : 'foreign';
  await place.restartJobs({ claims: false });
  const job = await submit(folder);
  await mkdir(folderOf(folder), { recursive: true });
  await cp(folderOf('mine'), folderOf(folder), { recursive: true });
  const exported = isOwn ? await folderIdentity(folderOf(folder)) : await folderIdentity(folderOf('mine'));
  await db.update(jobs).set({ attempt: 1 }).where(eq(jobs.id, job.id));
  const dead = { process: randomUUID(), host: 'dead', pid: 1, leaseUntil: new Date(0), endedAt: new Date() };
  await db.insert(jobAttempts).values({ jobId: job.id, number: 1, ...dead, outcome: 'QUEUED', details: { exported } });
  await place.restartJobs();
  const outcome = place.jobs.outcome(job.id);
  if (isOwn) expect(await outcome).toMatchObject({ attempt: 2, answer: { files: ['README.md', 'config.json'] } });
  else await expect(outcome).rejects.toMatchObject({ code: 'CONFLICT' });
  expect((await readdir(folderOf(folder))).sort()).toEqual(['README.md', 'config.json']);
});

it('tells in its model card the newest evaluation of each split', async () => {
  const { db } = place.database;
  const [pairs] = await db
    .insert(datasets)
    .values(newDataset({ name: 'pairs', task: 'sts' }))
    .returning();
  const figures = { main: 'cosine_spearman', undefinedReasons: {}, count: 6, documents: 0, tokens: 9, seconds: 1 };
  const told = { evaluator: 'checkpoint', checkpointId, datasetId: pairs!.id, task: 'sts', ...figures } as const;
  for (const [split, day, value] of [
    ['test', 1, 0.25],
    ['test', 3, 0.123456789],
    ['test', 2, 0.5],
    ['dev', 1, null],
  ] as const) {
    const metrics = { cosine_spearman: value, cosine_pearson: value };
    await db.insert(evaluations).values({ ...told, split, metrics, createdAt: new Date(2026, 0, day) });
  }
  const other = { ...told, split: 'train', metrics: { cosine_spearman: 0.75 } } as const;
  await db.insert(evaluations).values([
    { ...other, pooled: true },
    { ...other, dimension: 2 },
  ]);
  await db.insert(evaluations).values({
    ...{ ...told, evaluator: 'bag-of-words', checkpointId: null, split: 'train', metrics: { cosine_spearman: 0.75 } },
  });
  await place.jobs.outcome((await submit('told')).id);
  const card = `${await cardOf('told')}`;
  expect(card.match(/value: .+/g)).toEqual(['value: 0.12346', 'value: 0.12346']);
  expect(card).toContain('| pairs | test | 6 | cosine_spearman | 0.12346 |');
});

it('tells in its model card every run that a checkpoint descends from', async () => {
  const { db } = place.database;
  const [own] = await db.select().from(checkpoints).where(eq(checkpoints.id, checkpointId));
  const { modelId, digest, bytes } = own!;
  /** A run from a checkpoint, and its checkpoints before and after it. */
  const stage = async (name: string, from: string | null, step: number, epoch: number) => {
    const { id: runId } = await insertRun(db, {}, randomUUID(), modelId);
    if (from !== null) await db.insert(runStarts).values({ runId, checkpointId: from });
    const used = db.select({ id: runDatasets.datasetId }).from(runDatasets).where(eq(runDatasets.runId, runId));
    await db.update(datasets).set({ name }).where(inArray(datasets.id, used));
    const shared = { runId, modelId, digest, bytes, attempt: 1 };
    const made = await db
      .insert(checkpoints)
      .values([
        { ...shared, reason: 'initial' },
        { ...shared, reason: 'epoch', step, epoch },
      ])
      .returning();
    return made.map(({ id }) => id) as [string, string];
  };
  const originOf = async (id: string) => {
    const folder = `of-${id}`;
    await place.jobs.outcome((await submit(folder, id)).id);
    return `${await cardOf(folder)}`.match(/^It was .*$/m)?.[0];
  };
  const first = await stage('questions', null, 40, 2);
  const second = await stage('sentences', first[1], 7, 1);
  const third = await stage('more', second[1], 5, 0);
  const questions = 'It was trained by Tandem on questions: 40 updates, epoch 2';
  const both = `${questions}; then trained by Tandem on sentences: 7 updates, epoch 1`;
  expect(await originOf(first[0])).toBe('It was not trained by Tandem.');
  expect(await originOf(first[1])).toBe(`${questions}.`);
  expect(await originOf(second[0])).toBe(`${questions}.`);
  expect(await originOf(second[1])).toBe(`${both}.`);
  expect(await originOf(third[1])).toBe(`${both}; then trained by Tandem on more: 5 updates, epoch 0.`);

  const fusion = { method: 'uniform-soup', parameters: {} } as const;
  const [soup] = await db.insert(checkpoints).values({ reason: 'fused', modelId, digest, bytes, fusion }).returning();
  const fourth = await stage('after', soup!.id, 3, 0);
  for (const [position, parentId] of [second[1], third[1]].entries())
    await db.insert(checkpointParents).values({ checkpointId: soup!.id, parentId, position });
  const fused = 'It was fused from checkpoints of training on questions, sentences, more (uniform-soup)';
  expect(await originOf(fourth[0])).toBe(`${fused}.`);
  expect(await originOf(fourth[1])).toBe(`${fused}; then trained by Tandem on after: 3 updates, epoch 0.`);
});
