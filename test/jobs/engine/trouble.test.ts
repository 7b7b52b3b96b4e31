/** What runs and jobs do when the database fails for a while, their thread dies, or their process falls silent. */
import { setTimeout as sleep } from 'node:timers/promises';
import { eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { jobAttempts, jobs as jobRows, models, runsWithJobs } from '../../../src/db/schema.ts';
import { badInput, fromPlainError, toPlainError, unavailable } from '../../../src/errors.ts';
import { insertModel } from '../../db/rows.ts';
import type { Work } from '../probe.ts';
import { openWorkplace, readEvents, statesOf, type Workplace } from '../workplace.ts';

let place: Workplace;
beforeAll(async () => {
  place = await openWorkplace();
});
beforeEach(() => place.behave({}));
afterAll(() => place.close());

const id = '00000000-0000-4000-8000-00000000abcd';
const anyId = expect.stringMatching(/^[0-9a-f-]{36}$/);
const made = { resultId: id, answer: {} };
const atOnce: Work = ({ succeed }) => succeed(async () => made);
/** Makes a model. */
const makeModel: Work = ({ succeed }) => succeed(async (tx) => ({ resultId: (await insertModel(tx)).id, answer: {} }));
const findRun = async (runId: string) =>
  (await place.database.db.select().from(runsWithJobs).where(eq(runsWithJobs.id, runId)))[0]!;
const findJob = async (jobId: string) =>
  (await place.database.db.select().from(jobRows).where(eq(jobRows.id, jobId)))[0]!;

/** Writes to the table fail with this SQLSTATE, as of a server that stops, until the answer is called. */
async function refuse(table: string, { when = 'true', code = '57P01' } = {}): Promise<() => Promise<unknown>> {
  const { db } = place.database;
  const statements = [
    `create function refuse() returns trigger language plpgsql as
      $$ begin raise exception 'refused' using errcode = '${code}'; end $$`,
    `create trigger refuse before insert or update on ${table} for each row when (${when}) execute function refuse()`,
  ];
  for (const statement of statements) await db.execute(sql.raw(statement));
  return () => db.execute(sql.raw('drop function refuse cascade'));
}

describe('while the database fails', () => {
  it('the end of a run is written as soon as it can be', async () => {
    await place.behave({ stepMs: 150 });
    const run = await place.startRun({ epochs: 1 });
    await readEvents(place, run.id, { until: (data) => data.type === 'step' && data.step === 2 });
    const giveBack = await refuse('job_attempts');
    await readEvents(place, run.id, { until: (data) => data.type === 'step' && data.step === 10 });
    await sleep(300);
    expect((await findRun(run.id)).state).toBe('RUNNING');
    await giveBack();
    expect(statesOf(await readEvents(place, run.id)).at(-1)).toBe('SUCCEEDED');
  });

  it('the end of a job is written as soon as it can be', async () => {
    let giveBack = async (): Promise<unknown> => undefined;
    const { job, done } = await place.startJob(async ({ succeed }) => {
      giveBack = await refuse('jobs');
      return succeed(async () => made);
    });
    await sleep(100);
    await sleep(300);
    await giveBack();
    expect(await done).toBe(id);
    expect(await findJob(job.id)).toMatchObject({ state: 'SUCCEEDED', resultId: id });
  });

  it('a caller whose job cannot be read waits on, because its work goes on', async () => {
    const { db } = place.database;
    const read = async (...statements: string[]): Promise<void> => {
      await db.transaction(async (tx) => {
        for (const statement of statements) await tx.execute(sql.raw(statement));
      });
    };
    const { job, done } = await place.startJob(async ({ progress, succeed }) => {
      await read(
        `create function unread() returns boolean language plpgsql as
          $$ begin raise exception 'refused' using errcode = '57P01'; end $$`,
        'alter table jobs rename to jobs_away',
        'create view jobs as select * from jobs_away where unread()',
      );
      // Each report wakes the caller, whether it could be written or not.
      for (let done = 0; done < 4; done++) {
        progress({ stage: 'work', done, total: 4 });
        await sleep(300);
      }
      await read('drop view jobs', 'alter table jobs_away rename to jobs', 'drop function unread');
      return succeed(async () => made);
    });
    expect(await done).toBe(id);
    expect(await findJob(job.id)).toMatchObject({ state: 'SUCCEEDED', attempt: 1 });
  });

  it('a run that could not be taken from the queue is taken later', async () => {
    const giveBack = await refuse('job_attempts');
    const run = await place.startRun({ epochs: 1 });
    await sleep(300);
    expect((await findRun(run.id)).state).toBe('QUEUED');
    await giveBack();
    expect(statesOf(await readEvents(place, run.id)).at(-1)).toBe('SUCCEEDED');
  });
});

const interrupted = (data: { type: string; state?: string }) => data.type === 'state' && data.state === 'INTERRUPTED';

it('a dead device thread leaves the queue as it is, for the next start', async () => {
  await place.behave({ exitAt: 3 });
  const [first, second] = [await place.startRun({ epochs: 1 }), await place.startRun({ epochs: 1 })];
  await readEvents(place, first.id, { until: interrupted });
  expect(place.jobs.device.death).toMatchObject({ code: 'UNAVAILABLE' });
  expect(place.jobs.cpu.death).toBeUndefined();
  await sleep(200);
  expect(await findRun(second.id)).toMatchObject({ state: 'QUEUED', attempt: 0 });
  // Whoever waits is told: nothing begins here any more.
  await expect((await place.startJob(atOnce)).done).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  await place.behave({});
  await place.restartJobs();
  expect(place.jobs.device.death).toBeUndefined();
  expect(statesOf(await readEvents(place, second.id)).at(-1)).toBe('SUCCEEDED');
});

it('a dead CPU thread is started again: its work is interrupted, and the queue goes on', async () => {
  await place.behave({ cpuExits: true });
  const first = await place.startRun({ epochs: 1 });
  await readEvents(place, first.id, { until: interrupted });
  await place.behave({});
  expect(await findRun(first.id)).toMatchObject({
    error: { code: 'UNAVAILABLE', field: 'cpu', remedy: expect.stringContaining('send the request again') },
  });
  const second = await place.startRun({ epochs: 1 });
  expect(statesOf(await readEvents(place, second.id)).at(-1)).toBe('SUCCEEDED');
  expect(place.jobs.cpu.death).toBeUndefined();
  await place.jobs.resumeRun(first.id);
  expect(statesOf(await readEvents(place, first.id)).at(-1)).toBe('SUCCEEDED');
});

describe('work that does not listen', () => {
  it('is left behind within the time that a stop has, and writes nothing any more', async () => {
    const { db } = place.database;
    const before = await db.$count(models);
    let letGo = (): void => {};
    const deaf: Work = async (context) => {
      await new Promise<void>((resolve) => {
        letGo = resolve;
      });
      return makeModel(context);
    };
    const { job, done } = await place.startJob(deaf);
    await readEvents(place, job.id, { until: (data) => data.type === 'state' && data.state === 'RUNNING' });
    const start = performance.now();
    await place.restartJobs({ graceMs: 2_000 });
    expect(performance.now() - start).toBeLessThan(20_000);
    expect(await findJob(job.id)).toMatchObject({ state: 'INTERRUPTED', error: { code: 'UNAVAILABLE' } });
    letGo();
    await expect(done).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(await db.$count(models)).toBe(before);
    expect(await findJob(job.id)).toMatchObject({ state: 'INTERRUPTED' });
  });

  it('of a run is left behind the same way', async () => {
    await place.behave({ holdAt: 2 });
    const run = await place.startRun({ epochs: 1 });
    await readEvents(place, run.id, { until: ({ type }) => type === 'step' });
    // What the attempt writes at its end waits for this lock; the write that leaves the attempt behind does not need
    // it.
    let giveBack = (): void => {};
    const held = place.jobs.retention.recording(
      () =>
        new Promise<void>((resolve) => {
          giveBack = resolve;
        }),
    );
    const restarting = place.restartJobs({ graceMs: 2_000 });
    await vi.waitFor(async () => expect(await findRun(run.id)).toMatchObject({ state: 'INTERRUPTED' }), 10_000);
    giveBack();
    await Promise.all([held, restarting]);
    await sleep(200);
    expect(await findRun(run.id)).toMatchObject({ state: 'INTERRUPTED', attempt: 1 });
    await place.behave({});
    await place.jobs.resumeRun(run.id);
    expect(statesOf(await readEvents(place, run.id)).at(-1)).toBe('SUCCEEDED');
  });
});

describe('a job', () => {
  it('keeps nothing of what it made unless its own row says so, and its key makes it once', async () => {
    const { db } = place.database;
    const before = await db.$count(models);
    let tries = 0;
    const work: Work = ({ succeed }) =>
      succeed(async (tx) => {
        tries++;
        return { resultId: (await insertModel(tx)).id, answer: {} };
      });
    // The database as a process leaves it that dies before its job's row.
    const allow = await refuse('jobs', { when: "new.state = 'SUCCEEDED'" });
    const first = await place.startJob(work, { key: 'one model' });
    while (tries < 2) await sleep(20);
    expect(await findJob(first.job.id)).toMatchObject({ state: 'RUNNING', resultId: null });
    await place.restartJobs({ claims: false });
    await expect(first.done).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(await findJob(first.job.id)).toMatchObject({ state: 'QUEUED', resultId: null });
    expect(await db.$count(models)).toBe(before);
    await allow();
    await place.restartJobs();
    const second = await place.startJob(work, { key: 'one model' });
    const model = await second.done;
    expect(second.job.id).toBe(first.job.id);
    expect(await findJob(first.job.id)).toMatchObject({ state: 'SUCCEEDED', resultId: model, error: null });
    expect(await (await place.startJob(work, { key: 'one model' })).done).toBe(model);
    expect(await db.$count(models)).toBe(before + 1);
  });

  it.each(['before', 'while'])(
    'that another attempt took over %s it wrote what it made writes nothing',
    async (when) => {
      const { db } = place.database;
      const before = await db.$count(models);
      let ended = (): void => {};
      const over = new Promise<void>((resolve) => {
        ended = resolve;
      });
      const { job } = await place.startJob(async ({ job: { id: jobId }, succeed }) => {
        const takeOver = { attempt: 2 };
        if (when === 'before') await db.update(jobRows).set(takeOver).where(eq(jobRows.id, jobId));
        const write = succeed(async (tx) => {
          if (when === 'while') await tx.update(jobRows).set(takeOver).where(eq(jobRows.id, jobId));
          return { resultId: (await insertModel(tx)).id, answer: {} };
        });
        return write.finally(ended);
      });
      await over;
      expect(await db.$count(models)).toBe(before);
      const attempt = when === 'before' ? 2 : 1;
      await sleep(50);
      expect(await findJob(job.id)).toMatchObject({ state: 'RUNNING', attempt, error: null });
      await db.delete(jobRows).where(eq(jobRows.id, job.id));
    },
  );

  it('holds no lock on its row while what it made is written', async () => {
    const lockOf = (jobId: string) => sql<string>`select xmax::text as lock from jobs where id = ${jobId}`;
    const locks: unknown[] = [];
    const { done } = await place.startJob(({ job: { id: jobId }, succeed }) =>
      succeed(async (tx) => {
        const lock = await tx.execute(lockOf(jobId));
        const { rows } = await tx.execute(lockOf(jobId));
        locks.push(lock.rows, rows);
        return made;
      }),
    );
    expect(await done).toBe(id);
    expect(locks[0]).toEqual(locks[1]);
  });

  it('whose write breaks off for a defect fails at once', async () => {
    const { job, done } = await place.startJob(({ succeed }) =>
      succeed(async () => {
        throw new Error('a defect');
      }),
    );
    await expect(done).rejects.toThrow('the log has it under');
    expect(await findJob(job.id)).toMatchObject({ state: 'FAILED', error: { name: 'Error', id: anyId } });
  });

  it('keeps of a defect the id that its log has, and no statement of the database', async () => {
    const { job, done } = await place.startJob(async ({ db }) => {
      await db.execute(sql`select ${'secret text'} as given from no_such_table where key = ${'secret key'}`);
      throw new Error('the statement passed');
    });
    const told = await done.catch((error: unknown) => error);
    const row = await findJob(job.id);
    const events = await readEvents(place, job.id);
    expect(row.error).toEqual({ name: 'Error', id: anyId, message: (told as Error).message });
    expect(told).toMatchObject({ id: row.error?.id });
    expect(JSON.stringify([row, events])).not.toMatch(/secret|select|no_such_table/i);
    const lines = place.logged().filter(({ id: logged }) => logged === row.error?.id);
    expect(lines).toMatchObject([{ job: job.id, err: { message: expect.stringContaining('no_such_table') } }]);
  });

  it('whose write the database will never take fails at once', async () => {
    const { db } = place.database;
    const allow = await refuse('models', { code: '58030' });
    const { job, done } = await place.startJob(makeModel);
    await expect(done).rejects.toMatchObject({ code: 'UNAVAILABLE', details: { reason: 'database-broken' } });
    await allow();
    expect(await findJob(job.id)).toMatchObject({ state: 'FAILED', attempt: 1 });
    expect(await db.$count(jobRows, eq(jobRows.state, 'RUNNING'))).toBe(0);
  });

  it.each(['25006', '53100', '55P03', '57P01'])(
    'whose write fails with %s for a moment is written then',
    async (code) => {
      const allow = await refuse('models', { code });
      const { job, done } = await place.startJob(makeModel);
      await sleep(400);
      expect(await findJob(job.id)).toMatchObject({ state: 'RUNNING' });
      expect(place.jobs.troubles()).toMatchObject([{ jobId: job.id }]);
      await allow();
      expect(await done).toEqual(expect.any(String));
      expect(await findJob(job.id)).toMatchObject({ state: 'SUCCEEDED', attempt: 1, error: null });
      expect(place.jobs.troubles()).toEqual([]);
    },
  );

  it.each([
    ['57014', 'statement-ended', 6],
    ['53100', 'database-full', 18],
  ])('whose write fails with %s every time is given up, and its key begins it anew', async (code, reason, most) => {
    const allow = await refuse('models', { code });
    let tries = 0;
    const work: Work = ({ succeed }) =>
      succeed(async (tx) => {
        tries++;
        return { resultId: (await insertModel(tx)).id, answer: {} };
      });
    const request = { key: `refused with ${code}`, kind: 'probe-eager' } as const;
    const first = await place.startJob(work, request);
    await expect(first.done).rejects.toMatchObject({ code: 'UNAVAILABLE', details: { reason } });
    expect(tries).toBeLessThanOrEqual(most);
    expect(tries).toBeGreaterThan(1);
    await allow();
    const second = await place.startJob(work, request);
    expect([second.job.id, await second.done]).toEqual([first.job.id, expect.any(String)]);
  });

  it('that failed for want of something is begun anew under its key', async () => {
    const failing: Work = async () => {
      throw unavailable('The disk is full', { remedy: 'Free some, then repeat the request.' });
    };
    const first = await place.startJob(failing, { key: 'full disk' });
    await expect(first.done).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    const second = await place.startJob(atOnce, { key: 'full disk' });
    expect([second.job.id, await second.done]).toEqual([first.job.id, id]);
    expect(await findJob(first.job.id)).toMatchObject({ state: 'SUCCEEDED', error: null, attempt: 2 });
  });

  it('that failed for what was asked fails again the same way, without work', async () => {
    const strangers: Work = async () => {
      throw badInput('strangers', { field: 'source' });
    };
    const first = await place.startJob(strangers, { key: 'wrong' });
    await expect(first.done).rejects.toMatchObject({ message: 'strangers' });
    const second = await place.startJob(atOnce, { key: 'wrong' });
    await expect(second.done).rejects.toMatchObject({ message: 'strangers' });
  });

  it('that met a full disk, here or in a thread, says so and is begun anew under its key', async () => {
    const full = Object.assign(new Error('ENOSPC'), { code: 'ENOSPC', syscall: 'write', path: '/data/x' });
    for (const [key, thrown] of [
      ['full here', full],
      ['full in a thread', fromPlainError(toPlainError(full))],
    ] as const) {
      const first = await place.startJob(
        async () => {
          throw thrown;
        },
        { key },
      );
      await expect(first.done).rejects.toMatchObject({ code: 'UNAVAILABLE', details: { reason: 'storage-full' } });
      expect(await (await place.startJob(atOnce, { key })).done).toBe(id);
    }
  });

  it('that failed for a defect is begun anew under its key', async () => {
    const defective: Work = async () => {
      throw new Error('a defect');
    };
    const first = await place.startJob(defective, { key: 'defect' });
    await expect(first.done).rejects.toThrow('the log has it');
    const second = await place.startJob(atOnce, { key: 'defect' });
    expect([second.job.id, await second.done]).toEqual([first.job.id, id]);
  });

  it('that is resumed is interrupted by a defect, not ended', async () => {
    const { job, done } = await place.startJob(
      async () => {
        throw new Error('a defect');
      },
      { kind: 'probe-resume' },
    );
    await expect(done).rejects.toThrow('the log has it');
    const message = expect.stringContaining('the log has it');
    expect(await findJob(job.id)).toMatchObject({ state: 'INTERRUPTED', error: { message } });
  });

  it('whose begin was committed and not heard of is ended when its lease is over', async () => {
    const { db } = place.database;
    const { job } = await place.startJob(atOnce, { key: 'unheard' });
    await place.jobs.outcome(job.id);
    await db.update(jobRows).set({ state: 'RUNNING' }).where(eq(jobRows.id, job.id));
    const open = { endedAt: null, outcome: null, leaseUntil: new Date(0) };
    await db.update(jobAttempts).set(open).where(eq(jobAttempts.jobId, job.id));
    await place.restartJobs();
    expect(await place.jobs.outcome(job.id)).toMatchObject({ state: 'SUCCEEDED', attempt: 2, deaths: 1 });
  });
});
