/** API keys through the schema: made once shown, changed, revoked, deleted. */
import { eq } from 'drizzle-orm';
import { expect, it } from 'vitest';
import { createRecords } from '../../../src/adapters/common/records.ts';
import { apiKeys } from '../../../src/db/schema.ts';
import { adminHolds, type MadeKey, revoke as revokeKey } from '../../../src/services/access/keys.ts';
import type { AccessPlace } from './place.ts';

export function keySuite(place: () => AccessPlace): void {
  const shown = 'id name role notes tags lookup expiresAt revokedAt lastUsedAt updatedAt';
  type Shown = Record<string, unknown> & { readonly id: string };

  async function done<T>(query: string, variables: object = {}): Promise<T> {
    const { data, errors } = await place().ask(undefined, query, variables);
    expect(errors).toBeUndefined();
    return Object.values(data!)[0] as T;
  }

  async function refusal(query: string, variables: object = {}, key?: string) {
    const { errors } = await place().ask(key, query, variables);
    return { message: errors?.[0]?.message, ...errors?.[0]?.extensions };
  }

  const create = `mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { key apiKey { ${shown} } } }`;
  const update = `mutation ($input: UpdateApiKeyInput!) { updateApiKey(input: $input) { apiKey { ${shown} } } }`;
  const revoke = `mutation ($id: ID!) { revokeApiKey(id: $id) { apiKey { ${shown} } } }`;
  const remove = 'mutation ($id: ID!) { deleteApiKey(id: $id) { deletedId } }';

  const make = (input: object) => done<{ readonly key: string; readonly apiKey: Shown }>(create, { input });
  const edit = (input: object) => done<{ readonly apiKey: Shown }>(update, { input });
  const callerOf = (key: string) => place().access.callerOf(`Bearer ${key}`);
  const inAnHour = () => new Date(Date.now() + 3_600_000).toISOString();

  it('are shown when they are made, and their secret nowhere else', async () => {
    const expiresAt = inAnHour();
    const { key, apiKey } = await make({ name: ' nightly ', role: 'EDITOR', notes: 'For CI.', tags: ['a'], expiresAt });
    expect(apiKey).toMatchObject({ name: 'nightly', role: 'EDITOR', notes: 'For CI.', tags: ['a'], expiresAt });
    expect(key.startsWith(`tdm_${apiKey['lookup']}_`)).toBe(true);
    expect(await callerOf(key)).toMatchObject({ name: 'nightly', role: 'editor' });
    const list = `query ($filter: ApiKeyFilter) { apiKeys(filter: $filter) { nodes { ${shown} } } }`;
    const listed = await done<{ nodes: Shown[] }>(list, { filter: { q: 'NIGHT', role: 'EDITOR' } });
    expect(listed.nodes).toEqual([{ ...apiKey, lastUsedAt: expect.any(String) }]);
    const kept = JSON.stringify((await place().database.db.query.apiKeys.findMany()).concat());
    expect(kept).not.toContain(key.slice(-43));
  });

  it.each([
    ['an empty name', { name: ' ', role: 'VIEWER' }, { code: 'BAD_USER_INPUT' }],
    [
      'a time that has gone',
      { name: 'x', role: 'VIEWER', expiresAt: '2020-01-01T00:00:00Z' },
      { field: 'input.expiresAt' },
    ],
    ['a tag that is too long', { name: 'x', role: 'VIEWER', tags: ['x'.repeat(101)] }, { code: 'LIMIT_EXCEEDED' }],
    ['a key for idempotency', { name: 'x', role: 'VIEWER', idempotencyKey: 'y' }, { code: 'BAD_USER_INPUT' }],
  ])('are not made with %s', async (_what, input, told) => {
    expect(await refusal(create, { input })).toMatchObject({ ...told, remedy: expect.any(String) });
  });

  it('change their names, notes and expiry, as every noun does', async () => {
    const { key, apiKey } = await make({ name: 'a', role: 'VIEWER' });
    const { id } = apiKey;
    const expiresAt = inAnHour();
    const first = (await edit({ id, name: 'b', expiresAt })).apiKey;
    expect(first).toMatchObject({ name: 'b', expiresAt });
    expect((await edit({ id, notes: 'n' })).apiKey).toMatchObject({ name: 'b', notes: 'n', expiresAt });
    expect((await edit({ id, expiresAt: null })).apiKey).toMatchObject({ name: 'b', expiresAt: null });
    const stale = { id, name: 'c', ifUpdatedAt: first['updatedAt'] };
    expect(await refusal(update, { input: stale })).toMatchObject({ code: 'CONFLICT' });
    const signal = place().access.signalOf(await callerOf(key));
    await edit({ id, expiresAt: new Date(Date.now() - 1).toISOString() });
    expect(signal.reason).toMatchObject({ code: 'UNAUTHENTICATED' });
    await expect(callerOf(key)).rejects.toMatchObject({ message: expect.stringContaining('expired') });
    await edit({ id, expiresAt: null });
    expect(await callerOf(key)).toMatchObject({ name: 'b' });
  });

  it('end what is under way for them when they are revoked, for good', async () => {
    const { key, apiKey } = await make({ name: 'a', role: 'VIEWER' });
    const signal = place().access.signalOf(await callerOf(key));
    const { apiKey: revoked } = await done<{ apiKey: Shown }>(revoke, { id: apiKey.id });
    expect(revoked['revokedAt']).toEqual(expect.any(String));
    expect(signal.reason).toMatchObject({ code: 'UNAUTHENTICATED' });
    await expect(callerOf(key)).rejects.toMatchObject({ message: 'The API key "a" was revoked' });
    expect((await done<{ apiKey: Shown }>(revoke, { id: apiKey.id })).apiKey).toEqual(revoked);
  });

  it('are shown to whoever makes them in a frontend that treats all nouns alike', async () => {
    const records = createRecords(place().client());
    const made = await records.create('apiKeys', { name: 'page', role: 'VIEWER' });
    expect(made).toMatchObject({ id: expect.any(String), name: 'page', role: 'VIEWER' });
    expect(await callerOf(made['key'] as string)).toMatchObject({ name: 'page', role: 'viewer' });
    expect(await records.one('apiKeys', made.id)).not.toHaveProperty('key');
  });

  it('are missed where no admin has one that holds', async () => {
    const { db } = place().database;
    await db.delete(apiKeys);
    await place().keyOf('editor');
    await place().keyOf('admin', { expiresAt: new Date(Date.now() + 60_000) });
    expect(await adminHolds(db)).toBe(true);
    await db
      .update(apiKeys)
      .set({ expiresAt: new Date(0) })
      .where(eq(apiKeys.role, 'admin'));
    expect(await adminHolds(db)).toBe(false);
    const { apiKey } = await place().keyOf('admin');
    expect(await adminHolds(db)).toBe(true);
    await revokeKey(place().tandem, apiKey.id);
    expect(await adminHolds(db)).toBe(false);
  });

  it('are deleted; the audit log keeps their names', async () => {
    const { key, apiKey }: MadeKey = await place().keyOf('editor', { name: 'gone' });
    await place().ask(key, 'mutation { deleteSuites(ids: []) { deletedIds } }');
    const { nodes } = await done<{ nodes: Shown[] }>('{ apiKeys { nodes { id name } } }');
    const { id } = nodes.find(({ name }) => name === apiKey.name)!;
    const signal = place().access.signalOf(await callerOf(key));
    await done(remove, { id });
    expect(signal.reason).toMatchObject({ message: 'The API key "gone" was deleted' });
    await expect(callerOf(key)).rejects.toMatchObject({ message: 'The API key is not one of this server' });
    const entries = '{ auditEntries(filter: { caller: "gone" }) { nodes { mutation outcome apiKey { name } } } }';
    expect(await done(entries)).toEqual({ nodes: [{ mutation: 'deleteSuites', outcome: 'OK', apiKey: null }] });
    expect(await refusal(revoke, { id })).toMatchObject({ code: 'NOT_FOUND', field: 'id' });
  });
}
