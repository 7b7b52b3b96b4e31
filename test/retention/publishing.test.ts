/** A folder that is published again while it is being removed keeps its place. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { checkpoints } from '../../src/db/schema.ts';
import { pruneCheckpoints } from '../../src/jobs/training/checkpoints.ts';
import { Retention } from '../../src/retention/retention.ts';
import { digestOf, insertRun } from '../db/rows.ts';
import { openWorkplace, type Workplace } from '../jobs/workplace.ts';

let place: Workplace;
beforeAll(async () => {
  place = await openWorkplace();
});
afterAll(() => place.close());

async function publish(text: string): Promise<string> {
  const staged = await place.storage.stage();
  await writeFile(join(staged, 'x'), text);
  return (await place.storage.publish('models', staged)).digest;
}

/** A run whose first checkpoint retention removes next: it has `digest`. */
async function runWithOldCheckpoint(digest: string) {
  const { db } = place.database;
  const run = await insertRun(db);
  const rows = [1, 2, 3].map((step) => ({
    ...({ reason: 'interval', modelId: run.modelId, runId: run.id, bytes: 1, epoch: 0, attempt: 1 } as const),
    ...{ step, digest: step === 1 ? digest : digestOf(`step ${step} of ${run.id}`) },
  }));
  await db.insert(checkpoints).values(rows);
  return run;
}

it('when a fusion gives the digest of a checkpoint that retention removes at that moment', async () => {
  const { storage, jobs, database } = place;
  const { retention } = jobs;
  const digest = await publish('equal weights');
  const run = await runWithOldCheckpoint(digest);
  const plan = { method: 'uniform-soup', parameters: {} } as const;
  const fusion = retention.publishing(async () => {
    // The CPU thread publishes its result and finds the checkpoint's folder there already.
    expect(await publish('equal weights')).toBe(digest);
    await pruneCheckpoints({ db: database.db, retention }, run.id);
    expect(await database.db.$count(checkpoints, eq(checkpoints.digest, digest))).toBe(0);
    const values = { reason: 'fused', modelId: run.modelId, digest, bytes: 1, fusion: plan } as const;
    await retention.recording(() => database.db.insert(checkpoints).values(values));
  });
  await fusion;
  // The removal that waited for the fusion asks again, and finds the new row.
  await retention.settled();
  expect(await storage.exists('models', digest)).toBe(true);
});

it('and is removed after all when the work that published it records nothing', async () => {
  const { storage, jobs, database } = place;
  const digest = await publish('never recorded');
  const run = await runWithOldCheckpoint(digest);
  const failing = jobs.retention.publishing(async () => {
    await pruneCheckpoints({ db: database.db, retention: jobs.retention }, run.id);
    expect(await storage.exists('models', digest)).toBe(true);
    throw new Error('the fusion failed');
  });
  await expect(failing).rejects.toThrow('the fusion failed');
  await jobs.retention.settled();
  expect(await storage.exists('models', digest)).toBe(false);
});

it('when work starts and finds the folder while its removal is already under way', async () => {
  const { storage, database } = place;
  const { db } = database;
  const digest = await publish('found during a removal');
  const run = await runWithOldCheckpoint(digest);
  let fusion: Promise<unknown> | undefined;
  // `forget` is called between the first look for unused folders and the removal under the lock.
  const retention: Retention = new Retention({ db, storage, forget: startFusion });
  const recorded = new AbortController();
  async function startFusion(): Promise<void> {
    if (fusion) return;
    const plan = { method: 'uniform-soup', parameters: {} } as const;
    const values = { reason: 'fused', modelId: run.modelId, digest, bytes: 1, fusion: plan } as const;
    await new Promise<void>((found) => {
      fusion = retention.publishing(async () => {
        expect(await publish('found during a removal')).toBe(digest);
        found();
        await new Promise((resolve) => recorded.signal.addEventListener('abort', resolve));
        await retention.recording(() => db.insert(checkpoints).values(values));
      });
    });
  }
  await pruneCheckpoints({ db, retention }, run.id);
  expect(await storage.exists('models', digest)).toBe(true);
  recorded.abort();
  await fusion;
  await retention.settled();
  expect(await storage.exists('models', digest)).toBe(true);
});

it('because work that publishes starts only when a removal that holds the lock has ended', async () => {
  const { retention } = place.jobs;
  const order: string[] = [];
  const removal = retention.recording(async () => {
    await new Promise((resolve) => setTimeout(resolve, 50));
    order.push('removal');
  });
  await retention.publishing(async () => void order.push('work'));
  await removal;
  expect(order).toEqual(['removal', 'work']);
});
