/** The part of the contract of dispatchers that is about claims: their leases, their end, and many who ask at once. */
import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import type { Claim, Dispatcher } from '../../../src/jobs/dispatch/types.ts';
import { kindOf, RolledBack, type Stage, until } from './stage.ts';

/** A ticket that another process's lock hides is there within a second; a slow machine gets more. */
const hiddenAtMostMs = 20_000;
/** More than any test enqueues. */
const mostClaims = 200;

export type Current = () => Stage;

export function leases(stage: Current): void {
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

export function voids(stage: Current): void {
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

export function many(stage: Current): void {
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
    expect(dead.map(({ jobId }) => jobId).sort()).toEqual([...jobIds].sort());
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
