/**
 * What every dispatcher must do (src/jobs/dispatch/types.ts), as tests: on our tables, on pg-boss, on any other that is
 * put behind the port. A test file calls it once for each database.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Transaction } from '../../../src/db/open.ts';
import type { Claim, Dispatcher } from '../../../src/jobs/dispatch/types.ts';
import { holdOpen, kindOf, RolledBack, type Stage } from './stage.ts';

/** A ticket that another process's lock hides is there within a second; a slow machine gets more. */
const hiddenAtMostMs = 20_000;
/** More than any test enqueues. */
const mostClaims = 200;

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

type Current = () => Stage;

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
    const notBefore = new Date(Date.now() + 1_500);
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

const until = (time: Date): Promise<void> => sleep(Math.max(0, time.getTime() - Date.now()));

function leases(stage: Current): void {
  it('a ticket to one process at a time', async () => {
    const { enqueue, claim } = kindOf(stage());
    await enqueue();
    expect(await claim()).toBeDefined();
    expect(await claim()).toBeUndefined();
  });

  it('again once the lease is over, as another delivery', async () => {
    const { enqueue, claim } = kindOf(stage());
    const jobId = await enqueue();
    const first = (await claim())!;
    await stage().age(jobId, 50);
    expect(await claim()).toBeUndefined();
    await stage().age(jobId, 11);
    const second = (await claim())!;
    expect(second.jobId).toBe(jobId);
    expect(second.token).not.toBe(first.token);
  });

  it('on with every beat, each of its own', async () => {
    const { enqueue, claim } = kindOf(stage());
    await enqueue();
    await enqueue();
    const [kept, lapsed] = [(await claim())!, (await claim())!];
    for (const { jobId } of [kept, lapsed]) await stage().age(jobId, 50);
    await stage().dispatcher.beat([kept]);
    await stage().dispatcher.beat([]);
    for (const { jobId } of [kept, lapsed]) await stage().age(jobId, 50);
    expect(await claim()).toMatchObject({ jobId: lapsed.jobId });
    expect(await claim()).toBeUndefined();
  });

  it('nothing more of what is done or failed', async () => {
    const { enqueue, request, claim } = kindOf(stage());
    for (const type of ['done', 'failed'] as const) {
      const jobId = await enqueue();
      await stage().dispatcher.complete((await claim())!, { type });
      await stage().age(jobId, 100);
      expect(await stage().dispatcher.claim(request)).toEqual({});
    }
  });
}

function voids(stage: Current): void {
  /** A claim whose lease lapsed, and the one that came after it. */
  async function lapsed(kind: ReturnType<typeof kindOf>): Promise<{ old: Claim; now: Claim }> {
    const jobId = await kind.enqueue();
    const old = (await kind.claim())!;
    await stage().age(jobId, 61);
    return { old, now: (await kind.claim())! };
  }

  it('a lapsed claim: its beat renews nothing', async () => {
    const kind = kindOf(stage());
    const { old, now } = await lapsed(kind);
    await stage().age(now.jobId, 50);
    await stage().dispatcher.beat([old]);
    await stage().age(now.jobId, 50);
    expect(await kind.claim()).toMatchObject({ jobId: now.jobId });
  });

  it('a lapsed claim: its outcome changes nothing', async () => {
    const kind = kindOf(stage());
    const { old, now } = await lapsed(kind);
    const outcomes = [{ type: 'done' }, { type: 'failed' }, { type: 'released', until: new Date(0) }] as const;
    for (const outcome of outcomes) await stage().dispatcher.complete(old, outcome);
    expect(await kind.claim()).toBeUndefined();
    await stage().dispatcher.complete(now, { type: 'released', until: new Date(0) });
    expect(await kind.drain()).toEqual([now.jobId]);
  });

  it('a claim by enqueueing its job again', async () => {
    const { enqueue, claim, drain } = kindOf(stage());
    const jobId = await enqueue();
    const old = (await claim())!;
    await enqueue({ jobId });
    await stage().dispatcher.complete(old, { type: 'done' });
    const now = (await claim())!;
    expect(now.jobId).toBe(jobId);
    expect(now.token).not.toBe(old.token);
    await stage().dispatcher.complete(old, { type: 'done' });
    await stage().age(jobId, 61);
    expect(await drain()).toEqual([jobId]);
  });

  it('what an earlier ticket of the job said', async () => {
    const { enqueue, drain, claim } = kindOf(stage());
    const place = randomUUID();
    const jobId = await enqueue({ priority: 5, place, notBefore: new Date(Date.now() + 3_600_000) });
    const other = await enqueue({ priority: 1 });
    await enqueue({ jobId, priority: 0 });
    expect(await drain({ place: randomUUID() })).toEqual([other, jobId]);
    expect(await claim({ place })).toBeUndefined();
  });

  it('a ticket that is cancelled, waiting or claimed, in the transaction', async () => {
    const { database, dispatcher } = stage();
    const { enqueue, claim, drain } = kindOf(stage());
    const claimed = await enqueue();
    const token = (await claim())!;
    const [waiting, kept] = [await enqueue(), await enqueue()];
    await database.db.transaction(async (tx) => {
      for (const jobId of [claimed, waiting]) await dispatcher.cancel(tx, jobId);
    });
    const work = database.db.transaction(async (tx) => {
      await dispatcher.cancel(tx, kept);
      throw new RolledBack();
    });
    await expect(work).rejects.toThrow(RolledBack);
    await dispatcher.beat([token]);
    await dispatcher.complete(token, { type: 'released', until: new Date(0) });
    await stage().age(claimed, 61);
    expect(await drain()).toEqual([kept]);
  });
}

function many(stage: Current): void {
  it('and gives no ticket to two of them', async () => {
    const kind = kindOf(stage());
    const count = 60;
    for (let i = 0; i < count; i++) await kind.enqueue({ priority: i % 3 });
    const others = await Promise.all([stage().another(), stage().another(), stage().another()]);
    const claimers = [stage().dispatcher, ...others].flatMap((dispatcher) => [dispatcher, dispatcher]);
    const claimed = (await Promise.all(claimers.map((dispatcher) => claimAll(dispatcher, kind.kind)))).flat();
    expect(new Set(claimed.map(({ jobId }) => jobId)).size).toBe(count);
    expect(claimed).toHaveLength(count);
    expect(await kind.claim()).toBeUndefined();
  });

  it('and loses nothing of one that dies between claim and complete', async () => {
    const { enqueue, claim, drain, kind } = kindOf(stage());
    const jobIds = [await enqueue(), await enqueue(), await enqueue()];
    // The process that claims these is never heard of again.
    const dead = await claimAll(await stage().another(), kind);
    expect(dead.map(({ jobId }) => jobId)).toEqual(jobIds);
    expect(await claim()).toBeUndefined();
    for (const jobId of jobIds) await stage().age(jobId, 61);
    expect((await drain()).sort()).toEqual([...jobIds].sort());
  });
}

/** Claims until nothing waits any more. What others lock at that moment is asked for again. */
async function claimAll(dispatcher: Dispatcher, kind: string): Promise<Claim[]> {
  const claims: Claim[] = [];
  const end = Date.now() + hiddenAtMostMs;
  while (Date.now() < end && claims.length < mostClaims) {
    const { claim, askAgainAt } = await dispatcher.claim({ kinds: [kind], place: undefined, except: [] });
    if (claim) claims.push(claim);
    // Claimed by others: asked again at the end of their leases.
    else if (!askAgainAt || askAgainAt.getTime() > Date.now() + hiddenAtMostMs) return claims;
    else await until(askAgainAt);
  }
  throw new Error(`A dispatcher still had tickets after ${claims.length} claims, or ${hiddenAtMostMs} ms`);
}
