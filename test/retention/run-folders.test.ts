/** The folders that a host must have before it takes a run. */
import { randomUUID } from 'node:crypto';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { checkpoints, jobAttempts, models, runStarts, runTeachers } from '../../src/db/schema.ts';
import { foldersOfUses } from '../../src/retention/folders.ts';
import { usesOfCheckpoints } from '../../src/retention/uses.ts';
import { openTestDatabase, type TestDatabase } from '../db/database.ts';
import { digestOf, insertRun } from '../db/rows.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase('pglite');
});
afterAll(() => database.close());

const checkpoint = (runId: string, modelId: string, step: number) => ({
  ...({ reason: 'epoch', modelId, runId, bytes: 1, epoch: 1, attempt: 1, step } as const),
  ...{ digest: digestOf(`${runId} ${step}`), stateDigest: digestOf(`state ${runId} ${step}`) },
});

it.each(['kept', 'fresh'] as const)('are those of the state of its start, %s, until it has one', async (kind) => {
  const { db } = database;
  const before = await insertRun(db);
  const [start] = await db
    .insert(checkpoints)
    .values(checkpoint(before.id, before.modelId, 10))
    .returning();
  const run = await insertRun(db, { optimizerState: kind }, undefined, before.modelId);
  await db.insert(runStarts).values({ runId: run.id, checkpointId: start!.id });
  const states = async () =>
    (await foldersOfUses(db, [{ kind: 'run', id: run.id }])).flatMap((folder) =>
      folder.kind === 'states' ? [folder.digest] : [],
    );
  expect(await states()).toEqual(kind === 'kept' ? [start!.stateDigest] : []);
  const own = checkpoint(run.id, run.modelId, 0);
  const [made] = await db.insert(checkpoints).values(own).returning();
  expect(await states()).toEqual([own.stateDigest]);
  // Where that is damaged, the run begins again from its start.
  const attempt = { jobId: run.id, number: 1, process: randomUUID(), host: 'here', pid: 1, leaseUntil: new Date(0) };
  const details = { damaged: { checkpoint: made!.id, attempt: 1 } };
  await db.insert(jobAttempts).values({ ...attempt, endedAt: new Date(), outcome: 'INTERRUPTED', details });
  expect(await states()).toEqual(kind === 'kept' ? [start!.stateDigest] : []);
});

it('are those of its teacher, too, and of the model whose tokenizer that has', async () => {
  const { db } = database;
  const before = await insertRun(db);
  const [teacher] = await db
    .insert(checkpoints)
    .values(checkpoint(before.id, before.modelId, 10))
    .returning();
  const run = await insertRun(db);
  const folders = async () =>
    (await foldersOfUses(db, [{ kind: 'run', id: run.id }])).flatMap(({ kind, digest }) =>
      kind === 'models' ? [digest] : [],
    );
  const alone = await folders();
  await db.insert(runTeachers).values({ runId: run.id, checkpointId: teacher!.id });
  const [root] = await db.select().from(models).where(eq(models.id, before.modelId));
  expect(await folders()).toEqual([...alone, teacher!.digest, root!.digest]);
  expect(await db.transaction((tx) => usesOfCheckpoints(tx, [teacher!.id]))).toEqual([`run "${run.name}"`]);
});
