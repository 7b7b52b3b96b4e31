/** The audit log: an entry per mutation, without texts, before anything runs; and how long entries are kept. */
import { randomUUID } from 'node:crypto';
import { asc, eq, sql } from 'drizzle-orm';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { globalId } from '../../../src/db/global-id.ts';
import { type AuditEntryRow, auditEntries, suites } from '../../../src/db/schema.ts';
import { localCaller } from '../../../src/services/access/access.ts';
import { audited, forgetAudit } from '../../../src/services/access/audit.ts';
import type { MadeKey } from '../../../src/services/access/keys.ts';
import { insertModel } from '../../db/rows.ts';
import type { AccessPlace } from './place.ts';

export function auditSuite(place: () => AccessPlace): void {
  let [viewer, editor] = [{} as MadeKey, {} as MadeKey];
  beforeAll(async () => {
    [viewer, editor] = [await place().keyOf('viewer', { name: 'ci' }), await place().keyOf('editor', { name: 'Ada' })];
  });
  beforeEach(async () => {
    await place().database.db.delete(auditEntries);
  });

  const entries = (): Promise<AuditEntryRow[]> =>
    place().database.db.select().from(auditEntries).orderBy(asc(auditEntries.createdAt));

  const update = `mutation Rename($input: UpdateModelInput!) { updateModel(input: $input) { model { name } } }`;
  const remove = 'mutation ($id: ID!) { deleteSuite(id: $id) { deletedId } }';

  async function insertSuite(): Promise<{ key: string; id: string }> {
    const [row] = await place().database.db.insert(suites).values({ name: randomUUID() }).returning();
    return { key: row.id, id: globalId('Suite', row.id) };
  }

  describe('an entry', () => {
    it('says who asked for what, of which things, and how it ended', async () => {
      const id = globalId('Model', (await insertModel(place().database.db)).id);
      const input = { id, notes: 'A secret of ours.', tags: ['one', 'two'] };
      expect((await place().ask(editor.key, update, { input })).errors).toBeUndefined();
      const [entry, ...others] = await entries();
      expect(others).toEqual([]);
      expect(entry).toMatchObject({
        ...{ caller: 'Ada', role: 'editor', keyId: editor.apiKey.id, connection: 'http' },
        ...{ mutation: 'updateModel', operation: 'Rename', outcome: 'OK', touched: [id] },
        arguments: { input: { id, notes: '(17 characters)', tags: ['(3 characters)', '(3 characters)'] } },
      });
      expect(entry.endedAt!.getTime()).toBeGreaterThanOrEqual(entry.createdAt.getTime());
    });

    it('is there of what is refused: by a role, by its input, by what it asks for', async () => {
      const id = globalId('Suite', '00000000-0000-4000-8000-000000000000');
      await place().ask(viewer.key, remove, { id });
      await place().ask(editor.key, update, { input: { id: 'no id', name: 'x' } });
      await place().ask(undefined, remove, { id });
      expect((await entries()).map(({ caller, outcome, touched }) => [caller, outcome, touched])).toEqual([
        ['ci', 'FORBIDDEN', [id]],
        ['Ada', 'BAD_USER_INPUT', []],
        ['local', 'NOT_FOUND', [id]],
      ]);
    });

    it('is one for each mutation of an operation, and none for a query', async () => {
      const { id } = await insertSuite();
      await place().ask(
        editor.key,
        `mutation { a: deleteSuite(id: "${id}") { deletedId } deleteSuites(ids: []) { deletedIds } }`,
      );
      await place().ask(editor.key, '{ caller { name } }');
      expect((await entries()).map(({ mutation, outcome }) => [mutation, outcome])).toEqual([
        ['deleteSuite', 'OK'],
        ['deleteSuites', 'OK'],
      ]);
    });

    it('names what was made, and never the key that was shown', async () => {
      const create =
        'mutation { createApiKey(input: { name: "x", role: VIEWER, expiresAt: "2100-01-01T00:00:00Z" }) { key apiKey { id } } }';
      const { data } = await place().ask(undefined, create);
      const { key, apiKey } = data!['createApiKey'] as unknown as { key: string; apiKey: { id: string } };
      const [entry] = await entries();
      expect(entry).toMatchObject({ mutation: 'createApiKey', outcome: 'OK', touched: [apiKey.id] });
      expect(entry.arguments).toEqual({
        input: { name: '(1 characters)', role: 'VIEWER', expiresAt: '2100-01-01T00:00:00.000Z' },
      });
      expect(JSON.stringify(entry)).not.toContain(key.slice(-43));
    });

    it('has of a thousand documents their number', async () => {
      const texts = Array.from({ length: 1_000 }, (_, n) => ({ key: `${n}`, text: `private ${n}` }));
      const query = 'mutation ($input: AddDocumentsInput!) { addDocuments(input: $input) { added } }';
      const collection = globalId('Collection', '00000000-0000-4000-8000-000000000000');
      const { errors } = await place().ask(editor.key, query, { input: { collection, documents: texts } });
      expect(errors).toHaveLength(1);
      const [entry] = await entries();
      expect(entry.arguments).toMatchObject({ input: { collection, documents: '(1000 items)' } });
    });

    it('is found by its caller, its key, its mutation, its outcome and what it named', async () => {
      const { id } = await insertSuite();
      await place().ask(viewer.key, remove, { id });
      await place().ask(editor.key, remove, { id });
      const list = `query ($filter: AuditEntryFilter) { auditEntries(filter: $filter, orderBy: { field: CREATED_AT }) {
        nodes { caller outcome apiKey { name } } } }`;
      const [refused, done] = [
        { caller: 'ci', outcome: 'FORBIDDEN', apiKey: { name: 'ci' } },
        { caller: 'Ada', outcome: 'OK', apiKey: { name: 'Ada' } },
      ];
      for (const [filter, nodes] of [
        [{ touched: [id] }, [refused, done]],
        [{ key: globalId('ApiKey', editor.apiKey.id) }, [done]],
        [{ outcomeIn: ['FORBIDDEN'] }, [refused]],
        [{ caller: 'Ada', mutation: 'deleteSuite', role: 'EDITOR', connection: 'HTTP' }, [done]],
        [{ mutation: 'deleteRun' }, []],
      ] as const) {
        expect((await place().ask(undefined, list, { filter })).data).toEqual({ auditEntries: { nodes } });
      }
    });
  });

  describe('a mutation', () => {
    const record = {
      ...({ caller: localCaller, connection: 'http', mutation: 'deleteModel', operation: null } as const),
      ...{ arguments: {}, touched: [] },
    };
    const judge = { idsOf: () => [], codeOf: () => 'CONFLICT' };

    it('is in the log before it runs', async () => {
      const seen = await audited(place().database, record, entries, judge);
      expect(seen).toMatchObject([{ mutation: 'deleteModel', outcome: null, endedAt: null }]);
    });

    it('does not run where its entry cannot be written', async () => {
      const { id, key } = await insertSuite();
      await place().database.db.execute(sql`alter table audit_entries rename to hidden_entries`);
      const { errors } = await place().ask(editor.key, remove, { id });
      await place().database.db.execute(sql`alter table hidden_entries rename to audit_entries`);
      expect(errors).toMatchObject([{ extensions: { code: 'INTERNAL_SERVER_ERROR' } }]);
      expect(await place().database.db.select().from(suites).where(eq(suites.id, key))).toHaveLength(1);
    });

    it('is done where only its outcome cannot be written', async () => {
      const work = async () => {
        await place().database.db.execute(sql`alter table audit_entries rename to hidden_entries`);
        return 'done';
      };
      expect(await audited(place().database, record, work, judge)).toBe('done');
      await place().database.db.execute(sql`alter table hidden_entries rename to audit_entries`);
      expect(await entries()).toMatchObject([{ outcome: null }]);
    });
  });

  it('forgets entries that are both too old and too many', async () => {
    const { db } = place().database;
    await db.execute(sql`insert into audit_entries (created_at, caller, role, connection, mutation, arguments, touched)
      select now() - make_interval(days => n), n, 'admin', 'http', 'deleteRun', '{}', '{}' from generate_series(0, 9) n`);
    const left = async (days: number, atLeast: number): Promise<string[]> => {
      await forgetAudit(db, { days, atLeast });
      return (await entries()).map(({ caller }) => caller);
    };
    expect(await left(5, 100)).toHaveLength(10);
    expect(await left(5, 8)).toEqual(['7', '6', '5', '4', '3', '2', '1', '0']);
    expect(await left(5, 1)).toEqual(['4', '3', '2', '1', '0']);
    expect(await left(5, 0)).toEqual(['4', '3', '2', '1', '0']);
  });
}
