/** runEvents and background jobs: what readers see, whenever they come and however slow they are. */
import { setTimeout as sleep } from 'node:timers/promises';
import { eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { jobs as jobRows, type RunEventRow, runEvents, runs } from '../../../src/db/schema.ts';
import { badInput } from '../../../src/errors.ts';
import type { JobContext } from '../../../src/jobs/jobs.ts';
import { insertRun } from '../../db/rows.ts';
import { isEvent, openWorkplace, readEvents, type Workplace } from '../workplace.ts';

let place: Workplace;
beforeAll(async () => {
  place = await openWorkplace();
});
beforeEach(() => place.behave({}));
afterAll(() => place.close());

describe('runEvents', () => {
  it('gives every reader the same, from the start, from the middle and after the end', async () => {
    await place.behave({ stepMs: 10 });
    const run = await place.startRun({ epochs: 2 });
    const early = readEvents(place, run.id);
    await sleep(150);
    const late = readEvents(place, run.id, { after: 3 });
    const all = await early;
    expect((await late).map(({ seq }) => seq)).toEqual(all.slice(3).map(({ seq }) => seq));
    expect(await readEvents(place, run.id)).toEqual(all);
    expect(await readEvents(place, run.id, { after: all.length - 1 })).toEqual(all.slice(-1));
    expect(await readEvents(place, run.id, { after: all.length })).toEqual([]);
  });

  it('delivers events soon after they happen, not at the end', async () => {
    await place.behave({ stepMs: 50 });
    const run = await place.startRun({ epochs: 2 });
    const delays: number[] = [];
    for await (const item of place.jobs.runEvents(run.id)) {
      if (isEvent(item) && item.type === 'step') delays.push(Date.now() - item.createdAt.getTime());
    }
    expect(delays).toHaveLength(20);
    expect(Math.max(...delays)).toBeLessThan(1_000);
  });

  it('serves a slow reader of thousands of events page by page', async () => {
    const run = await insertRun(place.database.db);
    const data = JSON.stringify({ type: 'warning', step: 1, message: 'x'.repeat(1_000) });
    await place.database.db.execute(
      sql`insert into run_events (run_id, seq, attempt, type, data)
        select ${run.id}::uuid, n, 1, 'warning', ${data}::jsonb from generate_series(1, 3000) n`,
    );
    await place.database.db.insert(runEvents).values({
      runId: run.id,
      seq: 3001,
      attempt: 1,
      type: 'state',
      data: { type: 'state', state: 'SUCCEEDED' },
    });
    await place.database.db.update(runs).set({ state: 'SUCCEEDED', lastSeq: 3001 }).where(eq(runs.id, run.id));
    let seq = 0;
    for await (const item of place.jobs.runEvents(run.id)) {
      expect(item.seq).toBe(++seq);
      if (seq % 1000 === 0) await sleep(20);
    }
    expect(seq).toBe(3001);
  });

  it('beats while a run is silent, and ends when the reader aborts or leaves', async () => {
    const run = await insertRun(place.database.db);
    const stop = new AbortController();
    const kinds: string[] = [];
    for await (const item of place.jobs.runEvents(run.id, { signal: stop.signal, heartbeatMs: 20 })) {
      kinds.push(item.type);
      if (kinds.length === 3) stop.abort();
    }
    expect(kinds).toEqual(['heartbeat', 'heartbeat', 'heartbeat']);
    for await (const item of place.jobs.runEvents(run.id, { heartbeatMs: 20 })) {
      expect(item).toMatchObject({ type: 'heartbeat', seq: 0 });
      break;
    }
  });

  it('refuses an unknown run and a bad position', async () => {
    const first = async (items: AsyncIterable<unknown>) => void (await items[Symbol.asyncIterator]().next());
    const none = '00000000-0000-4000-8000-000000000000';
    await expect(first(place.jobs.runEvents(none))).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(first(place.jobs.runEvents(none, { after: -1 }))).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
  });
});

describe('background jobs', () => {
  const id = '11111111-1111-4111-8111-111111111111';

  it('write progress and result, and tell both', async () => {
    const { job, done } = await place.jobs.startJob(
      'import-dataset',
      { input: { path: 'x' } },
      async ({ progress, succeed }) => {
        for (let i = 1; i <= 4; i++) {
          progress({ stage: 'lines', done: i, total: 4 });
          await sleep(100);
        }
        return succeed(async () => id);
      },
    );
    const seen = [];
    for await (const row of place.jobs.jobEvents(job.id)) seen.push(row);
    expect(await done).toBe(id);
    expect(seen[0]).toMatchObject({ state: 'RUNNING', progress: null });
    expect(seen.at(-1)).toMatchObject({ state: 'SUCCEEDED', resultId: id, progress: { done: 4 } });
    expect(seen.length).toBeGreaterThanOrEqual(3);
    expect(seen.length).toBeLessThanOrEqual(5);
  });

  it('fail with the error of the work', async () => {
    const { job, done } = await place.jobs.startJob('fuse', { input: {} }, async () => {
      throw badInput('strangers', { field: 'checkpoints', remedy: 'choose others' });
    });
    await expect(done).rejects.toMatchObject({ code: 'BAD_USER_INPUT', message: 'strangers' });
    const [row] = await place.database.db.select().from(jobRows).where(eq(jobRows.id, job.id));
    expect(row).toMatchObject({ state: 'FAILED', error: { message: 'strangers', remedy: 'choose others' } });
    expect(row.error).not.toHaveProperty('stack');
  });

  it('do their work once per idempotency key', async () => {
    let calls = 0;
    const request = { input: { name: 'a' }, idempotencyKey: 'key' };
    const work = async ({ succeed }: JobContext) => {
      calls++;
      await sleep(50);
      return succeed(async () => id);
    };
    const started = await Promise.all([1, 2, 3].map(() => place.jobs.startJob('evaluate', request, work)));
    expect(await Promise.all(started.map(({ done }) => done))).toEqual([id, id, id]);
    expect(new Set(started.map(({ job }) => job.id)).size).toBe(1);
    expect(await (await place.jobs.startJob('evaluate', request, work)).done).toBe(id);
    expect(calls).toBe(1);
    const other = place.jobs.startJob('evaluate', { ...request, input: { name: 'b' } }, work);
    await expect(other).rejects.toMatchObject({ code: 'CONFLICT', details: { field: 'idempotencyKey' } });
  });

  it('are cancelled, and interrupted by a stop; their key begins them anew', async () => {
    const work = ({ signal }: { signal: AbortSignal }) =>
      new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));
    const cancelled = await place.jobs.startJob('evaluate', { input: {} }, work);
    expect(await place.jobs.cancelJob(cancelled.job.id)).toMatchObject({ state: 'CANCELLED' });

    const request = { input: {}, idempotencyKey: 'again' };
    const first = await place.jobs.startJob('evaluate', request, work);
    await place.restartJobs();
    const [row] = await place.database.db.select().from(jobRows).where(eq(jobRows.id, first.job.id));
    expect(row.state).toBe('INTERRUPTED');
    const second = await place.jobs.startJob('evaluate', request, ({ succeed }) => succeed(async () => id));
    expect([second.job.id, await second.done]).toEqual([first.job.id, id]);
  });

  it('of a dead process are INTERRUPTED at the next start', async () => {
    const [row] = await place.database.db
      .insert(jobRows)
      .values({ kind: 'fuse', input: {}, host: 'dead', pid: 1, heartbeatAt: new Date(0) })
      .returning();
    await place.restartJobs();
    const [after] = await place.database.db.select().from(jobRows).where(eq(jobRows.id, row.id));
    expect(after).toMatchObject({ state: 'INTERRUPTED', error: { code: 'UNAVAILABLE' } });
  });
});

describe('streams of a stopping server', () => {
  it('end', async () => {
    const run = await insertRun(place.database.db);
    const events: RunEventRow[] = [];
    const reading = (async () => {
      for await (const item of place.jobs.runEvents(run.id)) if (isEvent(item)) events.push(item);
    })();
    await sleep(20);
    await place.restartJobs();
    await reading;
    expect(events).toEqual([]);
  });
});
