/** Signing in with API keys at a server that requires one, through the auth providers of React-admin and Refine. */
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKeyStore } from '../../src/adapters/common/keys.ts';
import { createAuthProvider } from '../../src/adapters/react-admin/auth-provider.ts';
import { createDataProvider } from '../../src/adapters/react-admin/data-provider.ts';
import { createAuthProvider as createRefineAuthProvider } from '../../src/adapters/refine/auth-provider.ts';
import { createClient } from '../../src/client/index.ts';
import { apiKeys } from '../../src/db/schema.ts';
import { makeKey } from '../../src/services/access/key.ts';
import { openPlace, type Place } from '../http/place.ts';

let place: Place;
beforeAll(async () => {
  place = await openPlace({ TANDEM_AUTH: 'required' });
});
afterAll(() => place.close());

async function keyOf(role: 'viewer' | 'editor' | 'admin'): Promise<string> {
  const { key, lookup, digest } = makeKey();
  await place.database.db.insert(apiKeys).values({ name: `the ${role}`, role, lookup, digest });
  return key;
}

async function revoke(key: string): Promise<void> {
  await place.database.db
    .update(apiKeys)
    .set({ revokedAt: new Date() })
    .where(eq(apiKeys.lookup, key.slice(4, 12)));
  await place.access.recheck();
}

/** A browser's tab: a store of its own, and a client that sends what is in it. */
function tab() {
  const kept = new Map<string, string>();
  const keys = createKeyStore({
    getItem: (name) => kept.get(name) ?? null,
    setItem: (name, value) => kept.set(name, value),
    removeItem: (name) => kept.delete(name),
  });
  const client = createClient({ url: place.url, headers: keys.headers });
  return {
    ...{ keys, provider: createDataProvider(client) },
    ...{ admin: createAuthProvider(client, keys), refine: createRefineAuthProvider(client, keys) },
  };
}

describe('the auth provider of React-admin', () => {
  it('lets nobody in without a key, and not with a wrong one', async () => {
    const { admin, keys } = tab();
    await expect(admin.checkAuth()).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    await expect(admin.login({ key: makeKey().key })).rejects.toThrow(/key/i);
    expect(keys.get()).toBeNull();
  });

  it('takes a key and says whose it is, until it is revoked', async () => {
    const { admin } = tab();
    const key = await keyOf('editor');
    await admin.login({ password: ` ${key}\n` });
    await admin.checkAuth();
    expect(await admin.getIdentity()).toEqual({ id: 'the editor', fullName: 'the editor' });
    expect(await admin.getPermissions()).toBe('EDITOR');
    await revoke(key);
    await expect(admin.checkAuth()).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    await admin.logout();
    await expect(admin.getIdentity()).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('keeps the key that it has where another is refused', async () => {
    const { admin } = tab();
    await admin.login({ key: await keyOf('viewer') });
    await expect(admin.login({ key: 'tdm_nonsense' })).rejects.toThrow();
    await admin.checkAuth();
  });

  it('knows what each role may do', async () => {
    const asked = [
      ...[
        ['list', 'runs'],
        ['edit', 'runs'],
        ['delete', 'models'],
        ['list', 'apiKeys'],
        ['list', 'auditEntries'],
      ],
    ] as const;
    const may = async (role: 'viewer' | 'editor' | 'admin'): Promise<boolean[]> => {
      const { admin } = tab();
      await admin.login({ key: await keyOf(role) });
      return Promise.all(asked.map(([action, resource]) => admin.canAccess({ action, resource })));
    };
    expect(await may('viewer')).toEqual([true, false, false, false, false]);
    expect(await may('editor')).toEqual([true, true, true, false, false]);
    expect(await may('admin')).toEqual([true, true, true, true, true]);
  });

  it('signs out on what a refused key answers, and on no other error', async () => {
    const { admin } = tab();
    await expect(admin.checkError({ status: 401 })).rejects.toEqual({ status: 401 });
    await admin.checkError({ status: 403 });
  });
});

describe('the data provider of React-admin', () => {
  it('shows the key that an admin has made, once', async () => {
    const { admin, provider } = tab();
    await admin.login({ key: await keyOf('admin') });
    const made = { name: 'for a colleague', role: 'VIEWER' };
    const { data } = await provider.create<typeof made, { id: string; key: string }>('apiKeys', { data: made });
    await tab().admin.login({ key: data.key });
    expect(await provider.getOne<object>('apiKeys', { id: data.id })).toEqual({
      data: expect.not.objectContaining({ key: expect.anything() }),
    });
  });
});

describe('the auth provider of Refine', () => {
  it('sends people to the sign-in page and back', async () => {
    const { refine } = tab();
    expect(await refine.check()).toEqual({ authenticated: false, redirectTo: '/login' });
    const refused = await refine.login({ key: makeKey().key });
    expect(refused).toMatchObject({ success: false, error: { statusCode: 401 } });
    expect(await refine.login({ key: await keyOf('viewer') })).toEqual({ success: true, redirectTo: '/' });
    expect(await refine.check()).toEqual({ authenticated: true });
    expect([await refine.getIdentity(), await refine.getPermissions()]).toEqual([
      { id: 'the viewer', name: 'the viewer' },
      'VIEWER',
    ]);
    expect(await refine.logout({})).toEqual({ success: true, redirectTo: '/login' });
    expect(await refine.check()).toMatchObject({ authenticated: false });
  });

  it('signs out on what a refused key answers, and on no other error', async () => {
    const { refine } = tab();
    expect(await refine.onError({ statusCode: 401 })).toEqual({ logout: true, redirectTo: '/login' });
    expect(await refine.onError({ statusCode: 403 })).toEqual({});
  });
});
