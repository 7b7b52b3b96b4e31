/** One suite for both servers: PGlite always, real Postgres where DATABASE_URL_TEST names one with pgvector. */
import { eq, getTableName, is, sql } from 'drizzle-orm';
import { PgTable } from 'drizzle-orm/pg-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { afterCommit, type Transaction } from '../../src/db/open.ts';
import { decodeVector, encodeVector } from '../../src/db/schema/vector.ts';
import * as schema from '../../src/db/schema.ts';
import { readVectors, storeVectors } from '../../src/db/vectors.ts';
import { openTestDatabase, postgresUrl, type TestDatabase } from './database.ts';
import { collectionOf, insertRun, newModel } from './rows.ts';

const { checkpoints, collections, documents, embeddings, models, jobs } = schema;
const servers = postgresUrl ? (['pglite', 'postgres'] as const) : (['pglite'] as const);

/** What the driver does not type: the socket of a connection. */
interface Socketed {
  readonly connection: { readonly stream: { destroy(): void } };
}

describe.each(servers)('database on %s', (kind) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await openTestDatabase(kind);
  });
  afterAll(() => database.close());

  it('has pgvector 0.7 or newer and every table', async () => {
    expect(database.kind).toBe(kind);
    expect(Number.parseFloat(database.version.vector)).toBeGreaterThanOrEqual(0.7);
    const { rows } = await database.pool.query(
      `select table_name as name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE' order by 1`,
    );
    const declared = Object.values(schema).filter((value) => is(value, PgTable));
    expect(declared.length).toBeGreaterThanOrEqual(13);
    expect(rows.map(({ name }) => name)).toEqual(declared.map((table) => getTableName(table)).sort());
  });

  it('refuses a state, a digest and a second row of one idempotency key', async () => {
    const model = newModel({ idempotencyKey: 'once' });
    await database.db.insert(models).values(model);
    await expect(database.db.insert(models).values(model)).rejects.toThrow();
    await expect(database.db.insert(models).values(newModel({ digest: 'xyz' }))).rejects.toMatchObject({
      cause: { constraint: 'models_digest_is_sha256' },
    });
    await expect(
      insertRun(database.db).then((run) =>
        database.db
          .update(jobs)
          .set({ state: 'LOST' as 'QUEUED' })
          .where(eq(jobs.id, run.id)),
      ),
    ).rejects.toMatchObject({ cause: { constraint: 'jobs_state_is_known' } });
  });

  it('answers 200 interleaved queries and transactions each with its own rows', async () => {
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, i) =>
        i % 4 === 0
          ? database.db.transaction(async (tx) => firstValue(await tx.execute(sql`select ${i}::int as value`)))
          : database.db.execute(sql`select ${i}::int as value`).then(firstValue),
      ),
    );
    expect(answers).toEqual(answers.map((_, i) => i));
  });

  it('catches a query beside the open transaction instead of waiting for ever', async () => {
    const misuse = /beside the open transaction/;
    await database.db.transaction(async (tx) => {
      await expect(database.db.select().from(models)).rejects.toMatchObject({
        cause: { message: expect.stringMatching(misuse) },
      });
      await expect(database.pool.query('select 1')).rejects.toThrow(misuse);
      await expect(database.db.transaction(async () => undefined)).rejects.toThrow(misuse);
      await tx.transaction(async (nested) => void (await nested.select().from(models)));
    });
    await expect(database.db.select().from(models)).resolves.toBeDefined();
  });

  it('lets work that a transaction started go on after it', async () => {
    let later: Promise<unknown> = Promise.resolve();
    await database.db.transaction(async () => {
      later = new Promise((resolve) => setTimeout(resolve, 30)).then(() => database.pool.query('select 1'));
    });
    await expect(later).resolves.toBeDefined();
  });

  it('calls back after a commit, and never after a rollback', async () => {
    const calls: string[] = [];
    await database.db.transaction(async (tx) => {
      afterCommit(() => calls.push('committed'));
      await tx.execute(sql`select 1`);
      calls.push('inside');
    });
    const failing = database.db.transaction(async () => {
      afterCommit(() => calls.push('never'));
      throw new Error('on purpose');
    });
    await expect(failing).rejects.toThrow('on purpose');
    afterCommit(() => calls.push('outside'));
    expect(calls).toEqual(['inside', 'committed', 'outside']);
  });

  it('takes back the connections of transactions that could not begin', async () => {
    const { db, pool } = database;
    // More often than the pool has connections: each one that was kept would be missing.
    for (let n = 0; n < 12; n++) {
      pool.once('acquire', (client) => (client as unknown as Socketed).connection.stream.destroy());
      await expect(db.transaction(async () => undefined)).rejects.toThrow();
    }
    expect(await db.select().from(models).limit(1)).toEqual(expect.any(Array));
    expect(pool.totalCount).toBe(pool.idleCount);
  }, 20_000);

  it('rolls back and goes on after a failing transaction', async () => {
    const failing = async (tx: Transaction) => {
      await tx.insert(models).values(newModel({ name: 'lost' }));
      throw new Error('on purpose');
    };
    await expect(database.db.transaction(failing)).rejects.toThrow('on purpose');
    expect(await database.db.select().from(models).where(eq(models.name, 'lost'))).toEqual([]);
  });

  describe('vectors', () => {
    it('keeps every bit, in order of arrival, page by page, and replaces', async () => {
      const { collection, checkpoint } = await collectionOf(database.db, 3);
      const inserted = await database.db
        .insert(documents)
        .values(['a', 'b', 'c'].map((key) => ({ collectionId: collection.id, key, text: key })))
        .returning();
      const data = new Float32Array([0.1, -2, 3e-38, 1e38, -0, 7, 1 / 3, 5, Math.PI]);
      const rows = inserted.map(({ id }) => ({ documentId: id, tokens: 3, truncated: false }));
      await storeVectors(database.db, checkpoint.id, rows, { data: new Float32Array(9).fill(1), dimension: 3 });
      await storeVectors(database.db, checkpoint.id, rows, { data, dimension: 3 });

      const whole = await readVectors(database.db, collection.id, checkpoint.id, { dimension: 3 });
      expect(new Uint32Array(whole.data.buffer)).toEqual(new Uint32Array(data.buffer));
      expect(whole.documentIds).toEqual(inserted.map(({ id }) => id));
      const first = await readVectors(database.db, collection.id, checkpoint.id, { dimension: 3, limit: 2 });
      const rest = await readVectors(database.db, collection.id, checkpoint.id, { dimension: 3, after: first.last });
      expect([first.count, rest.count]).toEqual([2, 1]);
      expect(rest.data).toEqual(data.slice(6));
    });

    it('refuses NaN, a wrong dimension and a read as text', async () => {
      const { collection, checkpoint } = await collectionOf(database.db, 2);
      const [document] = await database.db
        .insert(documents)
        .values({ collectionId: collection.id, key: 'x', text: 'x' })
        .returning();
      const row = [{ documentId: document.id, tokens: 1, truncated: false }];
      const store = (...values: number[]) =>
        storeVectors(database.db, checkpoint.id, row, { data: new Float32Array(values), dimension: 2 });
      await expect(store(1, Number.NaN)).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
      await expect(
        database.db.insert(embeddings).values({
          ...row[0],
          checkpointId: checkpoint.id,
          dimension: 2,
          vector: new Float32Array([1, 2, 3]),
        }),
      ).rejects.toMatchObject({ cause: { constraint: 'embeddings_dimension' } });
      await store(1, 2);
      await expect(database.db.select().from(embeddings)).rejects.toThrow(/readVectors/);
    });

    it('takes 10,000 x 128 vectors and gives them back', async () => {
      const count = 10_000;
      const dimension = 128;
      const { collection, checkpoint } = await collectionOf(database.db, dimension);
      await database.db.execute(
        sql`insert into documents (collection_id, key, text)
          select ${collection.id}::uuid, n::text, 'text' from generate_series(1, ${count}::int) n`,
      );
      const ids = await database.db
        .select({ documentId: documents.id })
        .from(documents)
        .where(eq(documents.collectionId, collection.id))
        .orderBy(documents.ordinal);
      const data = Float32Array.from({ length: count * dimension }, (_, i) => Math.sin(i));
      const rows = ids.map(({ documentId }) => ({ documentId, tokens: 1, truncated: false }));
      await storeVectors(database.db, checkpoint.id, rows, { data, dimension });
      const page = await readVectors(database.db, collection.id, checkpoint.id, { dimension, limit: count });
      expect(page.count).toBe(count);
      expect(Buffer.from(page.data.buffer).equals(Buffer.from(data.buffer))).toBe(true);
    });
  });

  it('does not delete what is in use', async () => {
    const { checkpoint } = await collectionOf(database.db, 4);
    const deletion = database.db.delete(checkpoints).where(eq(checkpoints.id, checkpoint.id));
    await expect(deletion).rejects.toMatchObject({ cause: { code: '23503', table: 'collections' } });
    expect(
      await database.db.select().from(collections).where(eq(collections.checkpointId, checkpoint.id)),
    ).toHaveLength(1);
  });
});

describe('the binary form of a vector', () => {
  it('is what vector_send writes', () => {
    const bytes = encodeVector(new Float32Array([1, -2]));
    expect([...bytes]).toEqual([0, 2, 0, 0, 0x3f, 0x80, 0, 0, 0xc0, 0, 0, 0]);
    expect([...decodeVector(bytes)]).toEqual([1, -2]);
    expect(() => decodeVector(bytes, new Float32Array(3))).toThrow(/12 bytes for 3 places/);
  });
});

const firstValue = (result: { rows: readonly Record<string, unknown>[] }): unknown => result.rows[0]['value'];
