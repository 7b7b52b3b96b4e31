/** Jobs that await other jobs, their parts. */
import { randomUUID } from 'node:crypto';
import { asc, eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { globalId } from '../../../src/db/global-id.ts';
import { type JobRow, jobEvents, jobs as jobRows } from '../../../src/db/schema.ts';
import { badInput } from '../../../src/errors.ts';
import { deleteRows } from '../../../src/services/common/editing/remove.ts';
import { deletion, waitsFor } from '../../../src/services/jobs/jobs.ts';
import type { Tandem } from '../../../src/services/tandem.ts';
import { type Work, works } from '../probe.ts';
import { openWorkplace, type Workplace } from '../workplace.ts';

let place: Workplace;
beforeAll(async () => {
  place = await openWorkplace();
});
afterAll(() => place.close());

const resultId = '11111111-1111-4111-8111-111111111111';
const atOnce: Work = ({ succeed }) => succeed(async () => ({ resultId, answer: {} }));
const failing: Work = async () => {
  throw badInput('no', { field: 'x' });
};
const untilAborted: Work = ({ signal }) =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true }));

const find = async (jobId: string): Promise<JobRow> =>
  (await place.database.db.select().from(jobRows).where(eq(jobRows.id, jobId)))[0]!;
const sentenceOf = async (jobId: string) => (await waitsFor(place as unknown as Tandem, [await find(jobId)]))[0];
const partsOf = (jobId: string): Promise<JobRow[]> =>
  place.database.db.select().from(jobRows).where(eq(jobRows.partOf, jobId)).orderBy(asc(jobRows.createdAt));
const eventsOf = (jobId: string) =>
  place.database.db.select().from(jobEvents).where(eq(jobEvents.jobId, jobId)).orderBy(asc(jobEvents.seq));
const soon = { timeout: 15_000, interval: 10 };
const untilState = (jobId: string, state: JobRow['state']) =>
  vi.waitFor(async () => expect(await find(jobId)).toMatchObject({ state }), soon);

/** Work that awaits parts once and then succeeds. */
const awaiting =
  (kind: string, ...parts: readonly Work[]): Work =>
  (context) =>
    context.job.attempt > 1
      ? atOnce(context)
      : context.awaitParts(async (_tx, submit) => {
          for (const part of parts) {
            const work = randomUUID();
            works.set(work, part);
            await submit(kind, randomUUID(), { work, uses: [] });
          }
        });

describe('a job with parts', () => {
  it('goes on once they have ended, whatever their end, and tells the caller its own', async () => {
    const { job, done } = await place.startJob(awaiting('probe', atOnce, failing, atOnce));
    expect(await done).toBe(resultId);
    expect(await find(job.id)).toMatchObject({ state: 'SUCCEEDED', attempt: 2, awaitsParts: false });
    expect((await partsOf(job.id)).map(({ state }) => state).sort()).toEqual(['FAILED', 'SUCCEEDED', 'SUCCEEDED']);
  });

  it('holds no slot that its parts need', async () => {
    const wholes = await Promise.all([1, 2, 3, 4].map(() => place.startJob(awaiting('probe', atOnce))));
    expect(await Promise.all(wholes.map(({ done }) => done))).toEqual(wholes.map(() => resultId));
  });

  it('takes them with it when it is cancelled, running and queued ones', async () => {
    const parts = Array.from({ length: 5 }, () => untilAborted);
    const { job } = await place.startJob(awaiting('probe', ...parts));
    await vi.waitFor(async () => {
      const states = (await partsOf(job.id)).map(({ state }) => state);
      expect(states.filter((state) => state === 'RUNNING')).toHaveLength(3);
    }, soon);
    expect(await place.jobs.cancel(job.id)).toMatchObject({ state: 'CANCELLED', awaitsParts: false });
    expect(new Set((await partsOf(job.id)).map(({ state }) => state))).toEqual(new Set(['CANCELLED']));
    expect(await find(job.id)).toMatchObject({ state: 'CANCELLED', attempt: 1 });
  });

  it('goes on where a part alone is cancelled', async () => {
    const { job, done } = await place.startJob(awaiting('probe', untilAborted));
    const [part] = await vi.waitFor(async () => {
      const parts = await partsOf(job.id);
      expect(parts).toMatchObject([{ state: 'RUNNING' }]);
      return parts;
    }, soon);
    await place.jobs.cancel(part!.id);
    expect(await done).toBe(resultId);
  });

  it('awaits those that a stop has interrupted, through a restart', async () => {
    const { job } = await place.startJob(awaiting('probe-resume', untilAborted), { kind: 'probe-resume' });
    await vi.waitFor(async () => expect(await partsOf(job.id)).toMatchObject([{ state: 'RUNNING' }]), soon);
    expect(await sentenceOf(job.id)).toContain('It waits for its parts to end');
    await place.restartJobs();
    const [part] = await partsOf(job.id);
    expect(part).toMatchObject({ state: 'INTERRUPTED' });
    expect(await find(job.id)).toMatchObject({ state: 'QUEUED', attempt: 1, awaitsParts: true });
    await place.jobs.cancel(part!.id);
    await untilState(job.id, 'SUCCEEDED');
  });

  it('tells of those that are interrupted once no other goes on, and names one', async () => {
    let end = (): void => undefined;
    const held: Work = async (context) => {
      await new Promise<void>((resolve) => {
        end = resolve;
      });
      return atOnce(context);
    };
    const breaking: Work = async () => {
      throw new Error('a defect');
    };
    const { job } = await place.startJob(awaiting('probe-resume', breaking, held), { kind: 'probe-resume' });
    const stuck = 'all its parts that have not ended are interrupted';
    const reasons = async () => (await eventsOf(job.id)).map(({ data }) => 'reason' in data && data.reason);
    const [part] = await vi.waitFor(async () => {
      const parts = await partsOf(job.id);
      expect(parts.map(({ state }) => state).sort()).toEqual(['INTERRUPTED', 'RUNNING']);
      return parts.filter(({ state }) => state === 'INTERRUPTED');
    }, soon);
    expect(await reasons()).not.toContain(stuck);
    end();
    await vi.waitFor(async () => expect((await reasons()).at(-1)).toBe(stuck), soon);
    expect(await sentenceOf(job.id)).toContain(`job ${globalId('Job', part!.id)}, a part of it that is INTERRUPTED`);
    await place.jobs.cancel(part!.id);
    await untilState(job.id, 'SUCCEEDED');
    expect((await reasons()).filter((reason) => reason === stuck)).toHaveLength(1);
  });

  it('leaves them behind when it is deleted', async () => {
    const { job, done } = await place.startJob(awaiting('probe', atOnce));
    await done;
    const [part] = await partsOf(job.id);
    await deleteRows(place as unknown as Tandem, deletion, [job.id]);
    expect(await find(part!.id)).toMatchObject({ state: 'SUCCEEDED', partOf: null });
  });
});
