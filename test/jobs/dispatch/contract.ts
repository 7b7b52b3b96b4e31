/**
 * What every dispatcher must do (src/jobs/dispatch/types.ts), as tests: on our tables, on pg-boss, on any other that is
 * put behind the port. A test file calls it once for each database.
 */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Transaction } from '../../../src/db/open.ts';
import { type Current, leases, many, voids } from './contract-claims.ts';
import { holdOpen, kindOf, RolledBack, type Stage, until } from './stage.ts';

export function describeDispatcher(name: string, open: () => Promise<Stage>): void {
  describe(`a dispatcher, ${name}`, () => {
    let stage: Stage;
    beforeAll(async () => {
      stage = await open();
    });
    afterAll(() => stage?.close());

    describe('enqueues', () => enqueues(() => stage));
    describe('chooses', () => chooses(() => stage));
    describe('waits', () => waits(() => stage));
    describe('leases', () => leases(() => stage));
    describe('voids', () => voids(() => stage));
    describe('is asked by many', () => many(() => stage));
  });
}

function enqueues(stage: Current): void {
  it('after the commit, not before', async () => {
    const { database, dispatcher } = stage();
    const { kind, claim } = kindOf(stage());
    const jobId = randomUUID();
    const ticket = { jobId, kind, priority: 0, place: null, notBefore: null };
    const write = (tx: Transaction): Promise<void> => dispatcher.enqueue(tx, ticket);
    if (database.kind === 'pglite') await database.db.transaction(write);
    else {
      const { commit } = await holdOpen(database.db, write);
      expect(await claim()).toBeUndefined();
      await commit();
    }
    expect(await claim()).toMatchObject({ jobId });
  });

  it('nothing that was rolled back', async () => {
    const { database, dispatcher } = stage();
    const { kind, request } = kindOf(stage());
    const work = database.db.transaction(async (tx) => {
      await dispatcher.enqueue(tx, { jobId: randomUUID(), kind, priority: 0, place: null, notBefore: null });
      throw new RolledBack();
    });
    await expect(work).rejects.toThrow(RolledBack);
    expect(await dispatcher.claim(request)).toEqual({ claim: undefined, askAgainAt: undefined });
  });

  it('a job once, however often it is enqueued', async () => {
    const { enqueue, drain } = kindOf(stage());
    const jobId = await enqueue();
    await enqueue({ jobId });
    expect(await drain()).toEqual([jobId]);
  });

  it('a job again after it was completed', async () => {
    const { enqueue, drain } = kindOf(stage());
    const jobId = await enqueue();
    expect(await drain()).toEqual([jobId]);
    await enqueue({ jobId });
    expect(await drain()).toEqual([jobId]);
  });
}

function chooses(stage: Current): void {
  it('the larger priority first, then the older ticket', async () => {
    const { enqueue, drain } = kindOf(stage());
    const low = [await enqueue({ priority: -1 }), await enqueue({ priority: -1 })];
    const middle = [await enqueue(), await enqueue(), await enqueue()];
    const high = await enqueue({ priority: 7 });
    expect(await drain()).toEqual([high, ...middle, ...low]);
  });

  it('in one order over all kinds and places', async () => {
    const [a, b] = [kindOf(stage()), kindOf(stage())];
    const place = randomUUID();
    const kinds = [b.kind, a.kind];
    const first = await a.enqueue();
    const second = await b.enqueue({ place });
    const third = await a.enqueue({ place });
    const before = await b.enqueue({ priority: 1 });
    expect(await a.drain({ kinds, place })).toEqual([before, first, second, third]);
  });

  it('only kinds that were asked for', async () => {
    const [a, b] = [kindOf(stage()), kindOf(stage())];
    const [ofA, ofB] = [await a.enqueue(), await b.enqueue({ priority: 1 })];
    expect(await a.claim({ kinds: [] })).toBeUndefined();
    expect(await a.drain()).toEqual([ofA]);
    expect(await b.drain()).toEqual([ofB]);
  });

  it('only tickets of the place, and those of any', async () => {
    const { enqueue, drain, claim } = kindOf(stage());
    const [here, there] = [randomUUID(), randomUUID()];
    const jobs = { there: await enqueue({ place: there }), here: await enqueue({ place: here }), any: await enqueue() };
    expect(await drain({ place: here })).toEqual([jobs.here, jobs.any]);
    expect(await claim({ place: here })).toBeUndefined();
    expect(await drain({ place: there })).toEqual([jobs.there]);
  });

  it('tickets of every place for a process without one', async () => {
    const { enqueue, drain } = kindOf(stage());
    const jobIds = [await enqueue({ place: randomUUID() }), await enqueue(), await enqueue({ place: randomUUID() })];
    expect(await drain({ place: undefined })).toEqual(jobIds);
  });

  it('no job that is excepted, and leaves it to others as it was', async () => {
    const { enqueue, drain, request } = kindOf(stage());
    const except = [await enqueue({ priority: 2 }), await enqueue()];
    const other = await enqueue();
    expect(await drain({ except })).toEqual([other]);
    expect(await stage().dispatcher.claim({ ...request, except })).toEqual({});
    expect(await drain()).toEqual(except);
  });
}

function waits(stage: Current): void {
  it('until notBefore, and says how long', async () => {
    const { enqueue, request, claim } = kindOf(stage());
    const notBefore = new Date(Date.now() + 3_000);
    const jobId = await enqueue({ notBefore });
    const { claim: early, askAgainAt } = await stage().dispatcher.claim(request);
    expect(early).toBeUndefined();
    expect(Math.abs(askAgainAt!.getTime() - notBefore.getTime())).toBeLessThan(1_000);
    await until(askAgainAt!);
    expect(await claim()).toMatchObject({ jobId });
  });

  it('for the first of several, and for none that the request does not name', async () => {
    const { enqueue, request } = kindOf(stage());
    const inHours = (hours: number): Date => new Date(Date.now() + hours * 3_600_000);
    await enqueue({ notBefore: inHours(3), priority: 9 });
    const first = await enqueue({ notBefore: inHours(2) });
    await enqueue({ notBefore: inHours(1), place: randomUUID() });
    const ask = async (except: string[]): Promise<number> => {
      const { askAgainAt } = await stage().dispatcher.claim({ ...request, place: randomUUID(), except });
      return (askAgainAt!.getTime() - Date.now()) / 3_600_000;
    };
    expect(await ask([])).toBeCloseTo(2, 1);
    expect(await ask([first])).toBeCloseTo(3, 1);
  });

  it('for no ticket that is not due, when another is', async () => {
    const { enqueue, claim } = kindOf(stage());
    await enqueue({ priority: 5, notBefore: new Date(Date.now() + 3_600_000) });
    const due = await enqueue({ notBefore: new Date(Date.now() - 3_600_000) });
    expect(await claim()).toMatchObject({ jobId: due });
    expect(await claim()).toBeUndefined();
  });

  it('for the end of a lease', async () => {
    const { enqueue, request, claim } = kindOf(stage());
    await enqueue();
    await claim();
    const { askAgainAt } = await stage().dispatcher.claim(request);
    const seconds = (askAgainAt!.getTime() - Date.now()) / 1_000;
    expect(seconds).toBeGreaterThan(50);
    expect(seconds).toBeLessThan(62);
  });

  it('until the time to which it was released', async () => {
    const { enqueue, request, claim } = kindOf(stage());
    const jobId = await enqueue();
    const released = (await claim())!;
    await stage().dispatcher.complete(released, { type: 'released', until: new Date(Date.now() + 1_500) });
    const { claim: early, askAgainAt } = await stage().dispatcher.claim(request);
    expect(early).toBeUndefined();
    await until(askAgainAt!);
    const again = await claim();
    expect(again).toMatchObject({ jobId });
    expect(again!.token).not.toBe(released.token);
  });
}
