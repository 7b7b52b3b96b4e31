/** The life cycle of runs on PGlite with real threads: order of events, stop, resume, cancel, failures, retention. */
import { randomUUID } from 'node:crypto';
import { rm, truncate } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { evaluations, jobAttempts, jobEvents, jobs, runs } from '../../../src/db/schema.ts';
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
const finalValue = async (runId: string) => weightsOf((await checkpointsOf(runId)).at(-1)!);

describe('a run', () => {
  it('goes from QUEUED to SUCCEEDED with every event once, in order, without gaps', async () => {
    const run = await place.startRun({ epochs: 3 });
    const events = await readEvents(place, run.id);
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, i) => i + 1));
    expect(statesOf(events)).toEqual(['QUEUED', 'RUNNING', 'SUCCEEDED']);
    expect(events.map(({ type }) => type).slice(2, 5)).toEqual(['preparing', 'started', 'checkpoint']);
    const steps = events.flatMap(({ data }) => (data.type === 'step' ? [data.step] : []));
    expect(steps).toEqual(Array.from({ length: 30 }, (_, i) => i + 1));
    expect(await find(run.id)).toMatchObject({ state: 'SUCCEEDED', step: 30, steps: 30, attempt: 1, error: null });
    expect((await find(run.id)).finishedAt).toBeInstanceOf(Date);
    expect(await finalValue(run.id)).toBe(chainValue((await checkpointsOf(run.id))[0].digest, 49, 30));
  });

  it('keeps theta_0, each epoch, the last two and what is in use; the state in the last two', async () => {
    const run = await place.startRun({ epochs: 3, checkpointEverySteps: 3 });
    await readEvents(place, run.id);
    const kept = await checkpointsOf(run.id);
    expect(kept.map(({ step, reason }) => [step, reason])).toEqual([
      [0, 'initial'],
      [10, 'epoch'],
      [20, 'epoch'],
      [27, 'interval'],
      [30, 'epoch'],
    ]);
    expect(kept.map(({ stateDigest }) => stateDigest !== null)).toEqual([false, false, false, true, true]);
    for (const { digest } of kept.slice(1)) expect(await place.storage.exists('models', digest)).toBe(true);
    expect(await place.storage.exists('states', kept[4].stateDigest ?? '')).toBe(true);
    const told = (await readEvents(place, run.id)).flatMap(({ data }) => (data.type === 'checkpoint' ? [data] : []));
    expect(told.map(({ step }) => step)).toContain(24);
    const dropped = told.find(({ step }) => step === 24)?.digest ?? '';
    expect(await place.storage.exists('models', dropped)).toBe(false);
  });

  it('does not drop a checkpoint that an evaluation names', async () => {
    // The second checkpoint is dropped at step 6, if nothing names it by then.
    await place.behave({ stepMs: 150 });
    const run = await place.startRun({ epochs: 1, maxBatches: 10, checkpointEverySteps: 2 });
    const until = (data: { type: string; step?: number }) => data.type === 'checkpoint' && data.step === 2;
    await readEvents(place, run.id, { until });
    const [, second] = await checkpointsOf(run.id);
    const { datasetId } = (await place.database.db.query.runDatasets.findFirst({
      where: (table, { eq: equals }) => equals(table.runId, run.id),
    })) as { datasetId: string };
    const scores = { main: 'x', metrics: {}, undefinedReasons: {}, count: 1, documents: 0, tokens: 1, seconds: 1 };
    await place.database.db
      .insert(evaluations)
      .values({ evaluator: 'checkpoint', checkpointId: second.id, datasetId, split: 'dev', task: 'ir', ...scores });
    await readEvents(place, run.id);
    expect((await checkpointsOf(run.id)).map(({ step }) => step)).toEqual([0, 2, 8, 10]);
  });

  it('starts only when its transaction commits', async () => {
    const before = await place.database.db.$count(runs);
    await expect(
      place.database.db.transaction(async (tx) => {
        const id = randomUUID();
        await place.jobs.submitRun(tx, id);
        await insertRun(tx, {}, id);
        throw new Error('on purpose');
      }),
    ).rejects.toThrow('on purpose');
    expect(await place.database.db.$count(runs)).toBe(before);
  });

  it('waits for the one before it', async () => {
    const [first, second] = [await place.startRun({ epochs: 1 }), await place.startRun({ epochs: 1 })];
    await readEvents(place, second.id);
    const [a, b] = [await find(first.id), await find(second.id)];
    expect(b.startedAt?.getTime()).toBeGreaterThanOrEqual(a.finishedAt?.getTime() ?? Number.POSITIVE_INFINITY);
  });

  it('fails with the reason the thread gave, and the next run goes on', async () => {
    await place.behave({ failAt: 4 });
    const run = await place.startRun({ epochs: 1 });
    const events = await readEvents(place, run.id);
    expect(statesOf(events)).toEqual(['QUEUED', 'RUNNING', 'FAILED']);
    const error = { code: 'BAD_USER_INPUT', message: 'The loss is not finite', remedy: 'Lower it.' };
    expect(events.at(-1)?.data).toMatchObject({ error });
    expect(await find(run.id)).toMatchObject({ state: 'FAILED', error, step: 4 });
    await place.behave({});
    expect(statesOf(await readEvents(place, (await place.startRun({ epochs: 1 })).id)).at(-1)).toBe('SUCCEEDED');
  });
});

describe('cancelRun', () => {
  it('stops a running run with a checkpoint', async () => {
    await place.behave({ stepMs: 20 });
    const run = await place.startRun({ epochs: 10 });
    await readEvents(place, run.id, { until: isStep(3) });
    expect(await place.jobs.cancel(run.id)).toMatchObject({ state: 'CANCELLED' });
    const cancelled = await find(run.id);
    const last = (await checkpointsOf(run.id)).at(-1);
    expect(last).toMatchObject({ step: cancelled.step, stateDigest: expect.any(String) });
    expect(statesOf(await readEvents(place, run.id))).toEqual(['QUEUED', 'RUNNING', 'CANCELLED']);
    expect(await place.jobs.cancel(run.id)).toMatchObject({ state: 'CANCELLED' });
    await expect(place.jobs.resumeRun(run.id)).rejects.toMatchObject({ code: 'CONFLICT' });
  });

  it('takes a queued run out of the queue', async () => {
    await place.behave({ stepMs: 20 });
    const running = await place.startRun({ epochs: 1 });
    const waiting = await place.startRun({ epochs: 1 });
    expect((await place.jobs.cancel(waiting.id)).state).toBe('CANCELLED');
    await readEvents(place, running.id);
    expect(await find(waiting.id)).toMatchObject({ state: 'CANCELLED', attempt: 0 });
  });

  it('refuses what has ended and what does not exist', async () => {
    const run = await place.startRun({ epochs: 1 });
    await readEvents(place, run.id);
    await expect(place.jobs.cancel(run.id)).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('SUCCEEDED'),
    });
    const none = '00000000-0000-4000-8000-000000000000';
    await expect(place.jobs.cancel(none)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(place.jobs.resumeRun(none)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('stop and resume', () => {
  it('interrupts with a checkpoint within seconds and goes on to the bits of an undisturbed run', async () => {
    await place.behave({ holdAt: 12 });
    const run = await place.startRun({ epochs: 6, seed: 7 });
    await readEvents(place, run.id, { until: isStep(12) });
    const start = performance.now();
    await place.restartJobs();
    expect(performance.now() - start).toBeLessThan(20_000);
    const stopped = await find(run.id);
    expect(stopped.state).toBe('INTERRUPTED');
    expect((await checkpointsOf(run.id)).at(-1)).toMatchObject({ step: stopped.step, stateDigest: expect.any(String) });

    await place.behave({});
    await place.jobs.resumeRun(run.id);
    const events = await readEvents(place, run.id);
    expect(statesOf(events)).toEqual(['QUEUED', 'RUNNING', 'INTERRUPTED', 'QUEUED', 'RUNNING', 'SUCCEEDED']);
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, i) => i + 1));
    const model = (await checkpointsOf(run.id))[0].digest;
    expect(await finalValue(run.id)).toBe(chainValue(model, 7, 60));
    const attempts = await place.database.db
      .select()
      .from(jobAttempts)
      .where(eq(jobAttempts.jobId, run.id))
      .orderBy(jobAttempts.number);
    expect(attempts.map(({ number, outcome }) => [number, outcome])).toEqual([
      [1, 'INTERRUPTED'],
      [2, 'SUCCEEDED'],
    ]);
    await expect(place.jobs.resumeRun(run.id)).rejects.toMatchObject({ code: 'CONFLICT' });
  });

  it.each([
    ['empty', (path: string) => truncate(path, 0)],
    ['cut off', (path: string) => truncate(path, 20)],
    ['missing', (path: string) => rm(path)],
    ['without its folder', (path: string) => rm(dirname(path), { recursive: true })],
  ])('names a state that is %s, and goes on from the checkpoint before to the same bits', async (_, damage) => {
    await place.behave({ holdAt: 14 });
    const run = await place.startRun({ epochs: 3, seed: 5, checkpointEverySteps: 4 });
    await readEvents(place, run.id, { until: isStep(14) });
    await place.restartJobs();
    const [before, last] = (await checkpointsOf(run.id)).filter(({ stateDigest }) => stateDigest !== null);
    const state = place.storage.path('states', last.stateDigest ?? '');
    await damage(join(state, 'value.json'));
    await place.behave({});
    await place.jobs.resumeRun(run.id);
    await vi.waitFor(
      async () => expect(await find(run.id)).toMatchObject({ state: 'INTERRUPTED', attempt: 2 }),
      10_000,
    );
    expect((await find(run.id)).error).toMatchObject({
      ...{ code: 'UNAVAILABLE', reason: 'damaged-file', field: expect.stringContaining(state) },
      remedy: `Resume the run: it goes on from its checkpoint of step ${before.step}.`,
    });
    await place.jobs.resumeRun(run.id);
    const events = await readEvents(place, run.id);
    expect(statesOf(events).at(-1)).toBe('SUCCEEDED');
    expect(await finalValue(run.id)).toBe(chainValue((await checkpointsOf(run.id))[0].digest, 5, 30));
    const attempts = await place.database.db
      .select()
      .from(jobAttempts)
      .where(eq(jobAttempts.jobId, run.id))
      .orderBy(jobAttempts.number);
    expect(attempts.map(({ details }) => details.resumedFrom)).toEqual([undefined, last.id, before.id]);
  });

  it('begins anew where no checkpoint has its state, and replaces what is damaged', async () => {
    await place.behave({ holdAt: 9 });
    const run = await place.startRun({ epochs: 2, seed: 6, checkpointEverySteps: 4 });
    await readEvents(place, run.id, { until: isStep(9) });
    await place.restartJobs();
    const kept = (await checkpointsOf(run.id)).filter(({ stateDigest }) => stateDigest !== null);
    const paths = kept.map(({ stateDigest }) => join(place.storage.path('states', stateDigest ?? ''), 'value.json'));
    for (const path of paths) await truncate(path, 0);
    await place.behave({});
    for (const attempt of [2, 3]) {
      await place.jobs.resumeRun(run.id);
      const interrupted = { state: 'INTERRUPTED', attempt };
      await vi.waitFor(async () => expect(await find(run.id)).toMatchObject(interrupted), 10_000);
    }
    expect((await find(run.id)).error?.remedy).toContain('begins again at step 0');
    await place.jobs.resumeRun(run.id);
    expect(statesOf(await readEvents(place, run.id)).at(-1)).toBe('SUCCEEDED');
    expect(await finalValue(run.id)).toBe(chainValue((await checkpointsOf(run.id))[0].digest, 6, 20));
  });

  it('ends a thread that does not listen by force, and the run can still be resumed', async () => {
    await place.behave({ deafMs: 60_000 });
    const run = await place.startRun({ epochs: 1 });
    await readEvents(place, run.id, { until: ({ type }) => type === 'checkpoint' });
    await place.restartJobs({ graceMs: 2_000 });
    expect(await find(run.id)).toMatchObject({ state: 'INTERRUPTED' });
    await place.behave({});
    await place.jobs.resumeRun(run.id);
    expect(statesOf(await readEvents(place, run.id)).at(-1)).toBe('SUCCEEDED');
  });

  it('names the other adapter and goes on when that is allowed', async () => {
    await place.behave({ holdAt: 2 });
    const run = await place.startRun({ epochs: 10 });
    await readEvents(place, run.id, { until: isStep(2) });
    await place.restartJobs();
    const { adapter } = await find(run.id);
    const other = { ...adapter, name: 'another GPU' } as NonNullable<typeof adapter>;
    await place.database.db.update(runs).set({ adapter: other }).where(eq(runs.id, run.id));
    await expect(place.jobs.resumeRun(run.id)).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('another GPU'),
      details: { field: 'allowDifferentAdapter' },
    });
    await place.behave({});
    await place.jobs.resumeRun(run.id, { allowDifferentAdapter: true });
    expect(statesOf(await readEvents(place, run.id)).at(-1)).toBe('SUCCEEDED');
    const attempts = await place.database.db
      .select()
      .from(jobAttempts)
      .where(eq(jobAttempts.jobId, run.id))
      .orderBy(jobAttempts.number);
    expect(attempts.map(({ details }) => details.adapter)).toEqual([adapter, adapter]);
  });

  it('stays INTERRUPTED when other versions refuse to go on, and goes on when that is allowed', async () => {
    await place.behave({ holdAt: 2 });
    const run = await place.startRun({ epochs: 10 });
    await readEvents(place, run.id, { until: isStep(2) });
    await place.restartJobs();
    await place.behave({ otherVersion: true });
    await place.jobs.resumeRun(run.id);
    await vi.waitFor(
      async () => {
        expect(await find(run.id)).toMatchObject({
          state: 'INTERRUPTED',
          error: { message: expect.stringContaining('another version') },
        });
      },
      { timeout: 10_000 },
    );
    await place.jobs.resumeRun(run.id, { allowDifferentAdapter: true });
    expect(statesOf(await readEvents(place, run.id)).at(-1)).toBe('SUCCEEDED');
  });

  it('marks what a dead process left as INTERRUPTED, and fences its late writes', async () => {
    await place.behave({ holdAt: 2 });
    const run = await place.startRun({ epochs: 10 });
    await readEvents(place, run.id, { until: isStep(2) });
    await place.database.db.update(jobs).set({ attempt: 2 }).where(eq(jobs.id, run.id));
    const dead = { process: randomUUID(), host: 'dead', pid: 1, leaseUntil: new Date(0) };
    await place.database.db.insert(jobAttempts).values({ jobId: run.id, number: 2, ...dead });
    const { lastSeq } = await find(run.id);
    await place.restartJobs();
    const events = await place.database.db.select().from(jobEvents).where(eq(jobEvents.jobId, run.id));
    expect(events.filter(({ seq }) => seq > lastSeq).map(({ data }) => data)).toEqual([
      { type: 'state', state: 'INTERRUPTED', reason: expect.stringContaining('unexpectedly') },
    ]);
    await place.behave({});
    await place.jobs.resumeRun(run.id);
    expect(statesOf(await readEvents(place, run.id)).at(-1)).toBe('SUCCEEDED');
  });
});
