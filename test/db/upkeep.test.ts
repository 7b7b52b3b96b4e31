/** PGlite's tables get statistics, and room that rows left is used again. */
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { models } from '../../src/db/schema.ts';
import { upkeep } from '../../src/db/upkeep.ts';
import { openTestDatabase, type TestDatabase } from './database.ts';
import { newModel } from './rows.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());

/** What a transaction did is counted once its session is idle. */
const counted = () => database.db.execute(sql`select pg_stat_force_next_flush()`);

async function modelsIn(catalog: string): Promise<Record<string, unknown>[]> {
  return (await database.db.execute(sql.raw(`select * from ${catalog} where relname = 'models'`))).rows;
}

it('analyzes a table once it has grown, and vacuums it once many of its rows were replaced', async () => {
  const { db, pool } = database;
  await upkeep(pool);
  await db.insert(models).values(Array.from({ length: 300 }, (_, i) => newModel({ name: `model ${i % 3}` })));
  await counted();
  expect(await upkeep(pool)).toContain('models');
  expect(await modelsIn('pg_class')).toMatchObject([{ reltuples: 300 }]);
  const { rows } = await db.execute(
    sql`select n_distinct from pg_stats where tablename = 'models' and attname = 'name'`,
  );
  expect(rows).toEqual([{ n_distinct: 3 }]);
  await counted();
  expect(await upkeep(pool)).not.toContain('models');
  await db.update(models).set({ notes: 'Again.' });
  await counted();
  expect(await upkeep(pool)).toContain('models');
  await counted();
  expect(await modelsIn('pg_stat_user_tables')).toMatchObject([{ n_dead_tup: '0' }]);
  expect(await upkeep(pool)).not.toContain('models');
});
