/** jobEvents: what a reader is told of a job, from wherever it begins to read and however slowly it reads. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Transaction } from '../../../src/db/open.ts';
import type { JobEventData, JobProgress } from '../../../src/db/schema/types.ts';
import { type JobRow, jobs, liveStates } from '../../../src/db/schema.ts';
import { thisHost } from '../../../src/jobs/engine/host.ts';
import {
  appendEvents,
  beginAttempt,
  type Change,
  changeState,
  closeAttempt,
  findJob,
  finishJob,
  lockJob,
} from '../../../src/jobs/engine/store.ts';
import { jobLogs, streamJobEvents } from '../../../src/jobs/engine/stream.ts';
import { Notifier } from '../../../src/live/notifier.ts';
import { follow } from '../../../src/services/jobs/follow.ts';
import type { Tandem } from '../../../src/services/tandem.ts';
import { openTestDatabase, type TestDatabase } from '../../db/database.ts';

let database: TestDatabase;
let tandem: Tandem;
const notifier = new Notifier();
beforeAll(async () => {
  database = await openTestDatabase();
  const events = (id: string, options: object) =>
    streamJobEvents(jobLogs(database.db, notifier), id, { ...options, open: liveStates });
  tandem = { database, jobs: { events } } as unknown as Tandem;
});
afterAll(async () => {
  notifier.close();
  await database.close();
});

/** A job whose life a test writes, as the engine does. */
class Life {
  readonly id: string;
  /** The row as it was after each event, the first at 0. */
  readonly rows: JobRow[] = [];

  private constructor(id: string) {
    this.id = id;
  }

  static async begin(kind: JobRow['kind'] = 'evaluate'): Promise<Life> {
    const [job] = await database.db.insert(jobs).values({ kind, input: {} }).returning();
    return new Life(job?.id ?? '');
  }

  /** Resolves to the row as it is then. */
  async #write(work: (tx: Transaction, job: JobRow) => Promise<unknown>): Promise<JobRow> {
    await database.db.transaction(async (tx) => work(tx, await lockJob(tx, this.id)));
    return this.#note();
  }

  async #note(): Promise<JobRow> {
    const row = await findJob(database.db, this.id);
    this.rows[row.lastSeq] = row;
    notifier.wake(this.id);
    return row;
  }

  queue = (change: Change = {}) => this.#write((tx, job) => changeState(tx, job, 'QUEUED', change));

  async run(): Promise<void> {
    await beginAttempt(database.db, thisHost(database.owner, database.dataDir), this.id);
    await this.#note();
  }

  progress = (...values: JobProgress[]) =>
    this.#write((tx, job) =>
      appendEvents(
        tx,
        job,
        values.map((value) => ({ type: 'progress', ...value })),
      ),
    );

  end = (state: 'FAILED' | 'INTERRUPTED' | 'QUEUED', change: Change = {}) =>
    this.#write(async (tx, job) => {
      await changeState(tx, job, state, change);
      await closeAttempt(tx, { jobId: this.id, number: job.attempt }, state);
    });

  async succeed(): Promise<JobRow> {
    const { attempt } = await findJob(database.db, this.id);
    const resultId = '00000000-0000-4000-8000-000000000001';
    await finishJob(
      database.db,
      { jobId: this.id, number: attempt },
      async () => ({ resultId, answer: {} }),
      async () => {},
    );
    return this.#note();
  }
}

const at = (stage: string, done: number): JobProgress => ({ stage, done, total: 10 });
const lost = { name: 'TandemError', code: 'UNAVAILABLE', message: 'gone' } as const;

/** Dies once, fails once, is asked for again and succeeds. */
async function eventfulLife(): Promise<Life> {
  const life = await Life.begin();
  await life.queue();
  await life.run();
  await life.progress(at('tokenize', 1));
  await life.end('QUEUED', { deaths: 1, notBefore: new Date(Date.now() + 1_000) });
  await life.run();
  await life.progress(at('encode', 4));
  await life.end('FAILED', { error: lost, finishedAt: new Date() });
  await life.queue({ deaths: 0, finishedAt: null });
  await life.run();
  await life.progress(at('encode', 7));
  await life.progress(at('encode', 10));
  await life.succeed();
  return life;
}

/** What a reader is told; ends with the stream, or after `most` of it. */
async function read(id: string, after: number | null, { most = Number.POSITIVE_INFINITY, pauseMs = 0 } = {}) {
  const told: JobRow[] = [];
  const stop = new AbortController();
  for await (const job of await follow(tandem, id, after, stop.signal)) {
    told.push(job);
    if (told.length >= most) stop.abort();
    if (pauseMs > 0) await sleep(pauseMs);
  }
  return told;
}

const shown = ({ lastSeq, state, attempt, progress, error, resultId, startedAt, finishedAt }: JobRow) => ({
  ...{ lastSeq, state, attempt, progress, error, resultId, startedAt },
  hasFinished: finishedAt !== null,
});
const seqs = (told: readonly JobRow[]) => told.map(({ lastSeq }) => lastSeq);
const upTo = (last: number, from = 1) => Array.from({ length: last - from + 1 }, (_, i) => from + i);

describe('a replay', () => {
  it('from 0 says what the row said after each event, and ends as the row is', async () => {
    const { id, rows } = await eventfulLife();
    const told = await read(id, 0);
    expect(seqs(told)).toEqual(upTo(12));
    expect(told.map(shown)).toEqual(rows.slice(1).map(shown));
    expect(told.at(-1)).toEqual(await findJob(database.db, id));
  });

  it('from any event says what the whole one says from there', async () => {
    const { id } = await eventfulLife();
    const whole = await read(id, 0);
    for (const after of upTo(12)) expect(await read(id, after), `after ${after}`).toEqual(whole.slice(after));
  });

  it('takes progress by its order, whatever its type', async () => {
    const life = await Life.begin('train');
    await life.queue();
    await life.run();
    const { db } = database;
    const append = (data: JobEventData) =>
      db.transaction(async (tx) => appendEvents(tx, await lockJob(tx, life.id), [data]));
    await append({ type: 'step', step: 5, steps: 9 } as JobEventData);
    await life.end('INTERRUPTED');
    await life.queue();
    await life.run();
    await append({ type: 'preparing', stage: 'tokenize a', done: 0, total: 2 });
    await append({ type: 'warning', step: 5, message: 'a loss spike' });
    await life.end('INTERRUPTED');
    const preparing = { stage: 'tokenize a', done: 0, total: 2 };
    const [interrupted] = await read(life.id, 8, { most: 1 });
    expect(interrupted).toMatchObject({ state: 'INTERRUPTED', progress: preparing, finishedAt: null, lastSeq: 9 });
    const [warning] = await read(life.id, 7, { most: 1 });
    expect(warning).toMatchObject({ state: 'RUNNING', progress: preparing, attempt: 2, lastSeq: 8 });
  });

  it.each([-1, 13])('after %d of 12 is refused', async (after) => {
    const { id } = await eventfulLife();
    await expect(read(id, after)).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      details: { field: 'after', expected: 'a whole number from 0 to 12' },
    });
  });

  it('of a job that is not there is refused', async () => {
    await expect(read('00000000-0000-4000-8000-000000000000', null)).rejects.toMatchObject({
      code: 'NOT_FOUND',
      details: { field: 'jobId' },
    });
  });
});

describe('a job that is followed', () => {
  it('is told as it is, and once if it has ended', async () => {
    const { id } = await eventfulLife();
    const row = await findJob(database.db, id);
    expect(await read(id, null)).toEqual([row]);
    expect(await read(id, row.lastSeq)).toEqual([]);
  });

  it('is told with each change until it ends', async () => {
    const life = await Life.begin();
    await life.queue();
    const reading = Promise.all([read(life.id, null), read(life.id, 0)]);
    await life.run();
    await life.progress(at('encode', 3));
    await life.progress(at('encode', 6), at('encode', 9));
    await life.succeed();
    const [now, all] = await reading;
    expect(seqs(all)).toEqual(upTo(6));
    expect(seqs(now)).toEqual(upTo(6, now[0]?.lastSeq));
    expect(all.map(({ progress }) => progress?.done ?? null)).toEqual([null, null, 3, 6, 9, 9]);
    expect([now.at(-1), all.at(-1)].map((last) => last?.state)).toEqual(['SUCCEEDED', 'SUCCEEDED']);
  });

  it('is told whole to a slow reader while more is written than a page holds', async () => {
    const life = await Life.begin();
    await life.queue();
    await life.run();
    const reading = read(life.id, 0, { pauseMs: 1 });
    for (let batch = 0; batch < 5; batch++) {
      await life.progress(...Array.from({ length: 100 }, (_, i) => at('encode', 100 * batch + i)));
    }
    await life.succeed();
    const told = await reading;
    expect(seqs(told)).toEqual(upTo(503));
    expect(told.slice(2, -1).map(({ progress }) => progress?.done)).toEqual(upTo(499, 0));
    expect(told.slice(0, -1).every(({ state, resultId }) => state !== 'SUCCEEDED' && resultId === null)).toBe(true);
  });

  it('is told no more to a reader who has gone', async () => {
    const life = await Life.begin();
    await life.queue();
    const told = await read(life.id, null, { most: 1 });
    expect(seqs(told)).toEqual([1]);
  });
});
