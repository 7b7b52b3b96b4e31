/** Callers from their keys: the form of a key, what is kept of it, and when it no longer holds. */
import { eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apiKeys, type Role } from '../../../src/db/schema.ts';
import { TandemError } from '../../../src/errors.ts';
import { createLogger } from '../../../src/log.ts';
import { openAccess } from '../../../src/services/access/access.ts';
import { digestOf, lookupOf, makeKey } from '../../../src/services/access/key.ts';
import type { Access } from '../../../src/services/access/types.ts';
import { openTestDatabase, type TestDatabase } from '../../db/database.ts';

const adminKey = 'a key of the environment, as long as it has to be'.replaceAll(' ', '-');

const log = createLogger('test', 'silent');

let database: TestDatabase;
let required: Access;
let optional: Access;
beforeAll(async () => {
  database = await openTestDatabase();
  const open = (access: { auth: 'required' | 'optional'; adminKey: string | undefined }) =>
    openAccess({ database, config: { access: { ...access, rate: null } }, log });
  required = open({ auth: 'required', adminKey });
  optional = open({ auth: 'optional', adminKey: undefined });
});
afterAll(async () => {
  await Promise.all([required.stop(), optional.stop()]);
  await database.close();
});

async function insertKey(role: Role, values: object = {}) {
  const { key, lookup, digest } = makeKey();
  const [row] = await database.db
    .insert(apiKeys)
    .values({ name: `${role}'s`, role, lookup, digest, ...values })
    .returning();
  return { key, id: row.id };
}

async function refusalOf(access: Access, authorization: string | undefined): Promise<TandemError> {
  const error = await access.callerOf(authorization).then(
    ({ name }) => new Error(`"${name}" was let in`),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof TandemError)) throw error;
  return error;
}

describe('a key', () => {
  it('has 8 characters to look it up, and 256 random bits of which only a digest says anything', () => {
    const keys = Array.from({ length: 200 }, makeKey);
    for (const { key, lookup, digest } of keys) {
      expect(key).toMatch(/^tdm_[0-9A-Za-z]{8}_[0-9A-Za-z]{43}$/);
      expect([lookupOf(key), key.slice(4, 12)]).toEqual([lookup, lookup]);
      expect(digest).toBe(digestOf(key));
      expect(digest).not.toContain(key.slice(-43));
    }
    expect(new Set(keys.map(({ lookup }) => lookup)).size).toBe(200);
    const used = new Set(keys.flatMap(({ key }) => [...key.slice(13)]));
    expect(used.size).toBe(62);
  });

  it('says who the caller is, as what', async () => {
    const { key, id } = await insertKey('editor');
    const caller = { name: "editor's", role: 'editor', keyId: id, bucket: id };
    expect(await required.callerOf(`Bearer ${key}`)).toEqual(caller);
    expect(await optional.callerOf(`bearer ${key}`)).toEqual(caller);
  });

  it('of the environment is an admin', async () => {
    expect(await required.callerOf(`Bearer ${adminKey}`)).toMatchObject({ role: 'admin', keyId: null });
  });

  it('notes its use, at most once a minute', async () => {
    const { key, id } = await insertKey('viewer');
    const lastUsed = async () => (await database.db.select().from(apiKeys).where(eq(apiKeys.id, id)))[0];
    const made = await lastUsed();
    expect(made.lastUsedAt).toBeNull();
    await required.callerOf(`Bearer ${key}`);
    const first = await lastUsed();
    expect(Date.now() - first.lastUsedAt!.getTime()).toBeLessThan(10_000);
    await required.callerOf(`Bearer ${key}`);
    expect(await lastUsed()).toEqual(first);
    await database.db.update(apiKeys).set({ lastUsedAt: sql`now() - interval '61 seconds'` });
    await required.callerOf(`Bearer ${key}`);
    expect(Date.now() - (await lastUsed()).lastUsedAt!.getTime()).toBeLessThan(10_000);
    expect((await lastUsed()).updatedAt).toEqual(made.updatedAt);
  });
});

describe('a request', () => {
  it('without a key is that of a local admin, or refused where one is needed', async () => {
    expect(await optional.callerOf(undefined)).toMatchObject({ role: 'admin', keyId: null });
    expect(await refusalOf(required, undefined)).toMatchObject({
      code: 'UNAUTHENTICATED',
      details: { field: 'authorization', remedy: expect.stringContaining('TANDEM_API_KEY') },
    });
  });

  it('with what is no key of this server is let in only where no key is needed', async () => {
    for (const other of ['Bearer none', 'Bearer sk-1234', 'Basic bWU6bWU=']) {
      expect((await refusalOf(required, other)).code).toBe('UNAUTHENTICATED');
      expect(await optional.callerOf(other)).toMatchObject({ name: 'local' });
    }
  });

  it('learns nothing from the answer to a wrong key', async () => {
    const { key } = await insertKey('admin');
    const last = key.endsWith('0') ? '1' : '0';
    const wrong = [`${key.slice(0, -1)}${last}`, makeKey().key, 'tdm_', `${key}x`, key.toLowerCase(), `${key} x`];
    for (const access of [required, optional]) {
      const answers = await Promise.all(wrong.slice(0, 4).map((other) => refusalOf(access, `Bearer ${other}`)));
      expect(new Set(answers.map(({ message, details }) => JSON.stringify({ message, details }))).size).toBe(1);
    }
    for (const other of wrong) expect((await refusalOf(required, `Bearer ${other}`)).message).not.toContain(key);
  });

  it.each([
    ['was revoked', { revokedAt: new Date() }],
    ['expired at 2020-01-01T00:00:00.000Z', { expiresAt: new Date('2020-01-01') }],
  ])('with a key that %s is told so', async (says, values) => {
    const { key } = await insertKey('admin', values);
    for (const access of [required, optional]) {
      const { code, message } = await refusalOf(access, `Bearer ${key}`);
      expect([code, message]).toEqual(['UNAUTHENTICATED', `The API key "admin's" ${says}`]);
    }
  });
});

describe('work under way', () => {
  const aborted = (signal: AbortSignal): Promise<unknown> =>
    new Promise((resolve) => signal.addEventListener('abort', () => resolve(signal.reason)));

  it.each([
    ['revoked', { revokedAt: sql`now()` }],
    ['expired', { expiresAt: sql`now()` }],
  ])('ends when its key is %s, and that of others goes on', async (says, values) => {
    const [{ key, id }, other] = [await insertKey('viewer'), await insertKey('viewer')];
    const signal = required.signalOf(await required.callerOf(`Bearer ${key}`));
    const others = required.signalOf(await required.callerOf(`Bearer ${other.key}`));
    const local = optional.signalOf(await optional.callerOf(undefined));
    await database.db.update(apiKeys).set(values).where(eq(apiKeys.id, id));
    await required.recheck();
    expect(signal.reason).toMatchObject({ code: 'UNAUTHENTICATED', message: expect.stringContaining(says) });
    expect([others.aborted, local.aborted]).toEqual([false, false]);
  });

  it('ends when its key is deleted', async () => {
    const { key, id } = await insertKey('viewer');
    const signal = required.signalOf(await required.callerOf(`Bearer ${key}`));
    await database.db.delete(apiKeys).where(eq(apiKeys.id, id));
    await required.recheck();
    expect(signal.reason).toMatchObject({ code: 'UNAUTHENTICATED', message: expect.stringContaining('deleted') });
  });

  it('ends when another host revokes its key', async () => {
    const { key, id } = await insertKey('viewer');
    const config = { access: { auth: 'required', adminKey: undefined, rate: null } } as const;
    const shared = openAccess({ database: { db: database.db, kind: 'postgres' }, config, log });
    const signal = shared.signalOf(await shared.callerOf(`Bearer ${key}`));
    await database.db.update(apiKeys).set({ revokedAt: sql`now()` }).where(eq(apiKeys.id, id));
    expect(await aborted(signal)).toMatchObject({ message: expect.stringContaining('revoked') });
    await shared.stop();
  }, 10_000);

  it('ends by itself at the time at which its key expires', async () => {
    const { key } = await insertKey('viewer', { expiresAt: new Date(Date.now() + 400) });
    const signal = required.signalOf(await required.callerOf(`Bearer ${key}`));
    expect(await aborted(signal)).toMatchObject({
      code: 'UNAUTHENTICATED',
      message: expect.stringContaining('expired'),
    });
  });
});
