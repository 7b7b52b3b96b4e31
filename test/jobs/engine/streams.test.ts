/** The events of jobs: what readers see, whenever they come and however slow they are. */
import { setTimeout as sleep } from 'node:timers/promises';
import { eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type JobEventRow, jobEvents, jobs as jobRows } from '../../../src/db/schema.ts';
import { insertRun } from '../../db/rows.ts';
import { isEvent, openRun, openWorkplace, readEvents, type Workplace } from '../workplace.ts';

let place: Workplace;
beforeAll(async () => {
  place = await openWorkplace();
});
beforeEach(() => place.behave({}));
afterAll(() => place.close());

describe('the events of a run', () => {
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
    for await (const item of place.jobs.events(run.id, { open: openRun })) {
      if (isEvent(item) && item.type === 'step') delays.push(Date.now() - item.createdAt.getTime());
    }
    expect(delays).toHaveLength(20);
    // Of most: a busy machine may hold one back.
    expect(delays.sort((a, b) => a - b)[10]).toBeLessThan(1_000);
  });

  it('serves a slow reader of thousands of events page by page', async () => {
    const run = await insertRun(place.database.db);
    const data = JSON.stringify({ type: 'warning', step: 1, message: 'x'.repeat(1_000) });
    await place.database.db.execute(
      sql`insert into job_events (job_id, seq, attempt, type, data)
        select ${run.id}::uuid, n, 1, 'warning', ${data}::jsonb from generate_series(1, 3000) n`,
    );
    await place.database.db.insert(jobEvents).values({
      jobId: run.id,
      seq: 3001,
      attempt: 1,
      type: 'state',
      data: { type: 'state', state: 'SUCCEEDED' },
    });
    await place.database.db.update(jobRows).set({ state: 'SUCCEEDED', lastSeq: 3001 }).where(eq(jobRows.id, run.id));
    let seq = 0;
    for await (const item of place.jobs.events(run.id, { open: openRun })) {
      expect(item.seq).toBe(++seq);
      if (seq % 1000 === 0) await sleep(20);
    }
    expect(seq).toBe(3001);
  });

  it('beats while a run is silent, and ends when the reader aborts or leaves', async () => {
    const run = await insertRun(place.database.db);
    const stop = new AbortController();
    const kinds: string[] = [];
    for await (const item of place.jobs.events(run.id, { open: openRun, signal: stop.signal, heartbeatMs: 20 })) {
      kinds.push(item.type);
      if (kinds.length === 3) stop.abort();
    }
    expect(kinds).toEqual(['heartbeat', 'heartbeat', 'heartbeat']);
    for await (const item of place.jobs.events(run.id, { open: openRun, heartbeatMs: 20 })) {
      expect(item).toMatchObject({ type: 'heartbeat', seq: 0 });
      break;
    }
  });

  it('refuses an unknown run and a bad position', async () => {
    const first = async (items: AsyncIterable<unknown>) => void (await items[Symbol.asyncIterator]().next());
    const none = '00000000-0000-4000-8000-000000000000';
    await expect(first(place.jobs.events(none))).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(first(place.jobs.events(none, { after: -1 }))).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
  });
});

describe('streams of a stopping server', () => {
  it('end', async () => {
    const run = await insertRun(place.database.db);
    const events: JobEventRow[] = [];
    const reading = (async () => {
      for await (const item of place.jobs.events(run.id, { open: openRun })) if (isEvent(item)) events.push(item);
    })();
    await sleep(20);
    await place.restartJobs();
    await reading;
    expect(events).toEqual([]);
  });
});
