/** Runs that start from checkpoints, and stages: what they wait for, start from and keep. */
import { randomUUID } from 'node:crypto';
import { truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { globalId } from '../../../src/db/global-id.ts';
import { type CheckpointRow, jobs, runs as runRows, runStarts } from '../../../src/db/schema.ts';
import { pruneCheckpoints } from '../../../src/jobs/training/checkpoints.ts';
import { usesOfCheckpoints, usesOfRun } from '../../../src/retention/uses.ts';
import type { RunSettings } from '../../../src/train/catalog.ts';
import { insertRun } from '../../db/rows.ts';
import { chainValue, openWorkplace, readEvents, statesOf, type Workplace } from '../workplace.ts';
import { isStep, lookUps } from './run-rows.ts';

let place: Workplace;
beforeAll(async () => {
  place = await openWorkplace();
});
beforeEach(() => place.behave({}));
afterAll(() => place.close());

const { find, checkpointsOf, weightsOf } = lookUps(() => place);

const startOf = async (runId: string) =>
  (await place.database.db.select().from(runStarts).where(eq(runStarts.runId, runId)))[0]!;

const startFrom = ({ id: checkpointId, modelId }: CheckpointRow, settings: Partial<RunSettings>) =>
  place.database.db.transaction(async (tx) => {
    const runId = randomUUID();
    await place.jobs.submitRun(tx, runId);
    const run = await insertRun(tx, settings, runId, modelId);
    await tx.insert(runStarts).values({ runId, checkpointId });
    return run;
  });

const statesNow = (runIds: readonly string[]) => Promise.all(runIds.map(async (id) => (await find(id)).state));

describe('stages', () => {
  it('begin one after the other, each from the last checkpoint of the run before', async () => {
    const runs = await place.startStages({ epochs: 2 }, { epochs: 1, seed: 7 }, { epochs: 1, seed: 8 });
    const [first, second, third] = runs.map(({ id }) => id) as [string, string, string];
    expect(await startOf(second)).toMatchObject({ checkpointId: null, afterId: first, choice: 'last' });
    expect(statesOf(await readEvents(place, third))).toEqual(['QUEUED', 'RUNNING', 'SUCCEEDED']);
    expect(await statesNow([first, second, third])).toEqual(['SUCCEEDED', 'SUCCEEDED', 'SUCCEEDED']);
    const last = (await checkpointsOf(first)).at(-1)!;
    expect(await startOf(second)).toMatchObject({ checkpointId: last.id, afterId: first });
    const [initial, end] = await checkpointsOf(second);
    // The same folder, not a copy of it.
    expect(initial).toMatchObject({ reason: 'initial', step: 0, digest: last.digest, modelId: last.modelId });
    expect(await weightsOf(end!)).toBe(chainValue(last.digest, 7, 10));
    expect((await startOf(third)).checkpointId).toBe(end!.id);
    const [job] = await place.database.db.select().from(jobs).where(eq(jobs.id, third));
    expect(job).toMatchObject({ after: null, state: 'SUCCEEDED' });
  });

  it('begin from the best checkpoint of the run before, where they say so', async () => {
    await place.behave({ stepMs: 20 });
    const runs = await place.startStages({ epochs: 3 }, { epochs: 1, from: 'best', optimizerState: 'kept' });
    const [first, second] = runs.map(({ id }) => id) as [string, string];
    await readEvents(place, first, { until: (data) => data.type === 'checkpoint' && data.step === 10 });
    await place.database.db.update(runRows).set({ bestStep: 10 }).where(eq(runRows.id, first));
    expect(statesOf(await readEvents(place, second)).at(-1)).toBe('SUCCEEDED');
    const best = (await checkpointsOf(first)).find(({ step }) => step === 10)!;
    expect(best.stateDigest).not.toBeNull();
    expect(await startOf(second)).toMatchObject({ checkpointId: best.id, afterId: first, choice: 'best' });
    expect((await checkpointsOf(second))[0]).toMatchObject({ step: 0, digest: best.digest });
  });

  it('fail where the run before them has no best checkpoint', async () => {
    const runs = await place.startStages({ epochs: 1 }, { epochs: 1, from: 'best' });
    expect(statesOf(await readEvents(place, runs[1]!.id)).at(-1)).toBe('FAILED');
    expect((await find(runs[1]!.id)).error).toMatchObject({ code: 'NOT_FOUND', field: 'checkpoint' });
  });

  it('are CANCELLED, with the cause, where the run before them fails', async () => {
    await place.behave({ failAt: 4 });
    const runs = await place.startStages({ epochs: 1 }, { epochs: 1 }, { epochs: 1 });
    const [first, second, third] = runs.map(({ id }) => id) as [string, string, string];
    const events = await readEvents(place, third);
    expect(statesOf(events)).toEqual(['QUEUED', 'CANCELLED']);
    const cause = `Job ${globalId('Job', first)}, which had to succeed before, is FAILED: The loss is not finite`;
    expect(await find(second)).toMatchObject({
      state: 'CANCELLED',
      attempt: 0,
      error: { code: 'CONFLICT', reason: 'earlier-job', message: cause },
    });
    expect((await find(second)).finishedAt).toBeInstanceOf(Date);
    expect(events.at(-1)?.data).toMatchObject({
      reason: `Job ${globalId('Job', second)}, which had to succeed before, is CANCELLED: ${cause}`,
    });
  });

  it('are CANCELLED with the run before them, and leave that alone themselves', async () => {
    await place.behave({ stepMs: 20 });
    const runs = await place.startStages({ epochs: 10 }, { epochs: 1 }, { epochs: 1 }, { epochs: 1 });
    const [first, second, third, fourth] = runs.map(({ id }) => id) as [string, string, string, string];
    await readEvents(place, first, { until: isStep(2) });
    await place.jobs.cancel(third);
    expect(await statesNow([first, second, third, fourth])).toEqual(['RUNNING', 'QUEUED', 'CANCELLED', 'CANCELLED']);
    expect((await find(third)).error).toBeNull();
    await place.jobs.cancel(first);
    expect(await statesNow([first, second])).toEqual(['CANCELLED', 'CANCELLED']);
  });

  it('wait while the run before them is INTERRUPTED, over a restart, and go on after it was resumed', async () => {
    await place.behave({ holdAt: 3 });
    const runs = await place.startStages({ epochs: 4 }, { epochs: 1, seed: 5 });
    const [first, second] = runs.map(({ id }) => id) as [string, string];
    await readEvents(place, first, { until: isStep(3) });
    await place.restartJobs();
    expect(await statesNow([first, second])).toEqual(['INTERRUPTED', 'QUEUED']);
    const own = (await checkpointsOf(first)).map(({ id }) => id);
    await place.database.db.transaction(async (tx) => {
      expect(await usesOfRun(tx, first)).toEqual(['run "test"']);
      expect(await usesOfCheckpoints(tx, own)).toEqual(['run "test"']);
    });
    await place.behave({});
    // Whatever is free to begin has begun when this has ended.
    await readEvents(place, (await place.startRun({ epochs: 1 })).id);
    expect(await statesNow([first, second])).toEqual(['INTERRUPTED', 'QUEUED']);
    await place.jobs.resumeRun(first);
    expect(statesOf(await readEvents(place, second)).at(-1)).toBe('SUCCEEDED');
    const last = (await checkpointsOf(first)).at(-1)!;
    expect(await weightsOf((await checkpointsOf(second)).at(-1)!)).toBe(chainValue(last.digest, 5, 10));
  });

  it('are CANCELLED where the run before them, INTERRUPTED, is cancelled', async () => {
    await place.behave({ holdAt: 1 });
    const runs = await place.startStages({ epochs: 4 }, { epochs: 1 });
    const [first, second] = runs.map(({ id }) => id) as [string, string];
    await readEvents(place, first, { until: isStep(1) });
    await place.restartJobs();
    await place.jobs.cancel(first);
    expect(await statesNow([first, second])).toEqual(['CANCELLED', 'CANCELLED']);
    await place.database.db.transaction(async (tx) => expect(await usesOfRun(tx, first)).toEqual([]));
  });

  it('go on themselves after a stop, to the bits of an undisturbed run', async () => {
    const runs = await place.startStages({ epochs: 1 }, { epochs: 6, seed: 9 });
    const [first, second] = runs.map(({ id }) => id) as [string, string];
    await place.behave({ stepMs: 20 });
    await readEvents(place, second, { until: isStep(4) });
    await place.restartJobs();
    expect(await statesNow([first, second])).toEqual(['SUCCEEDED', 'INTERRUPTED']);
    await place.behave({});
    await place.jobs.resumeRun(second);
    await readEvents(place, second);
    const last = (await checkpointsOf(first)).at(-1)!;
    expect(await weightsOf((await checkpointsOf(second)).at(-1)!)).toBe(chainValue(last.digest, 9, 60));
  });
});

describe('the checkpoint that a run starts from', () => {
  const statesKept = async (runId: string) =>
    (await checkpointsOf(runId)).flatMap(({ step, stateDigest }) => (stateDigest === null ? [] : [step]));

  it('stays with the run, and keeps its optimizer state until the run has two of its own', async () => {
    await place.behave({ stepMs: 20 });
    const first = await place.startRun({ maxBatches: 60, checkpointEverySteps: 2 });
    await readEvents(place, first.id, { until: (data) => data.type === 'checkpoint' && data.step === 4 });
    const early = (await checkpointsOf(first.id)).find(({ step }) => step === 4)!;
    const second = await startFrom(early, { optimizerState: 'kept', maxBatches: 3 });
    await readEvents(place, first.id);
    expect(await statesKept(first.id)).toEqual([4, 58, 60]);
    await readEvents(place, second.id);
    await vi.waitFor(async () => expect(await statesKept(first.id)).toEqual([58, 60]), { timeout: 10_000 });
    expect((await checkpointsOf(second.id))[0]).toMatchObject({ step: 0, digest: early.digest });
    await pruneCheckpoints({ db: place.database.db, retention: place.jobs.retention }, first.id);
    expect((await checkpointsOf(first.id)).map(({ step }) => step)).toContain(4);
    await place.database.db.transaction(async (tx) =>
      expect(await usesOfCheckpoints(tx, [early.id])).toEqual(['run "test"']),
    );
  });

  describe('gives its optimizer state to a run whose own states are damaged', () => {
    /** A run that keeps the state of a checkpoint which that has for its sake alone. It has begun. */
    async function keeping(step: number, behaviour: Parameters<Workplace['behave']>[0]) {
      await place.behave({ stepMs: 20 });
      const first = await place.startRun({ maxBatches: 40, checkpointEverySteps: 2 });
      await readEvents(place, first.id, { until: (data) => data.type === 'checkpoint' && data.step === 4 });
      const early = (await checkpointsOf(first.id)).find((row) => row.step === 4)!;
      const settings = { optimizerState: 'kept', maxBatches: 20, checkpointEverySteps: 4, seed: 11 } as const;
      const second = await startFrom(early, settings);
      await place.behave(behaviour);
      await readEvents(place, first.id);
      const until = (data: { type: string; step?: number }) => data.step === step;
      await readEvents(place, second.id, { until });
      await place.restartJobs({ graceMs: 2_000 });
      await pruneCheckpoints({ db: place.database.db, retention: place.jobs.retention }, first.id);
      for (const { stateDigest } of await checkpointsOf(second.id)) {
        if (stateDigest) await truncate(join(place.storage.path('states', stateDigest), 'value.json'), 0);
      }
      await place.behave({});
      return { first, early, second };
    }

    const resumeInVain = async (runId: string) => {
      const { attempt } = await find(runId);
      await place.jobs.resumeRun(runId);
      const ended = { state: 'INTERRUPTED', attempt: attempt + 1 };
      await vi.waitFor(async () => expect(await find(runId)).toMatchObject(ended), 10_000);
      return (await find(runId)).error?.remedy;
    };

    it('which has one', async () => {
      const { first, early, second } = await keeping(0, { deafMs: 60_000 });
      expect(await statesKept(first.id)).toEqual([4, 38, 40]);
      expect(await resumeInVain(second.id)).toContain('begins again at step 0');
      await place.jobs.resumeRun(second.id);
      expect(statesOf(await readEvents(place, second.id)).at(-1)).toBe('SUCCEEDED');
      expect(await weightsOf((await checkpointsOf(second.id)).at(-1)!)).toBe(chainValue(early.digest, 11, 20));
      await vi.waitFor(async () => expect(await statesKept(first.id)).toEqual([38, 40]), { timeout: 10_000 });
    });

    it('but not where it had two: the remedy says that nothing is left', async () => {
      const { first, second } = await keeping(9, { stepMs: 20 });
      expect(await statesKept(first.id)).toEqual([38, 40]);
      expect(await resumeInVain(second.id)).toContain('goes on from its checkpoint of step');
      expect(await resumeInVain(second.id)).toContain('The run cannot go on');
      await place.jobs.cancel(second.id);
    });
  });

  it('is refused where its optimizer state is to be kept and gone', async () => {
    const first = await place.startRun({ epochs: 4 });
    await readEvents(place, first.id);
    const [, early] = await checkpointsOf(first.id);
    const second = await startFrom(early!, { optimizerState: 'kept' });
    expect(statesOf(await readEvents(place, second.id)).at(-1)).toBe('FAILED');
    expect((await find(second.id)).error).toMatchObject({
      code: 'BAD_USER_INPUT',
      field: 'input.settings.optimizerState',
      message: expect.stringContaining('which is gone'),
    });
  });
});
