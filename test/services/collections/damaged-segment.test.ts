/** A segment whose file is damaged before the device reads it: the search makes it again and finds the same. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadConfig } from '../../../src/config.ts';
import type { CollectionRow } from '../../../src/db/schema.ts';
import { DeviceServer } from '../../../src/serve/server.ts';
import type { SearchInput } from '../../../src/serve/types.ts';
import { search } from '../../../src/services/collections/search.ts';
import { segmentOf } from '../../../src/services/collections/segments.ts';
import type { Tandem } from '../../../src/services/tandem.ts';
import { openStorage } from '../../../src/storage/storage.ts';
import { openTestDatabase, type TestDatabase } from '../../db/database.ts';
import { collectionOf } from '../../db/rows.ts';
import { testGpu } from '../../device.ts';

const dimension = 4;
const count = 50;
let database: TestDatabase;
let collection: CollectionRow;

beforeAll(async () => {
  database = await openTestDatabase();
  const { db } = database;
  const made = await collectionOf(db, dimension);
  collection = made.collection;
  await db.execute(sql`insert into documents (collection_id, key, text)
    select ${collection.id}::uuid, n, 'x' from generate_series(1, ${count}) n`);
  await db.execute(sql`insert into embeddings (document_id, checkpoint_id, dimension, vector, tokens, truncated)
    select id, ${made.checkpoint.id}::uuid, ${dimension}, case key when '7' then '[1,0,0,0]' else '[0,1,0,0]' end::vector,
      1, false from documents`);
});
afterAll(() => database.close());

/** A service whose device searches for real; the query's vector is given. */
async function service(): Promise<Tandem> {
  const storage = openStorage(database.dataDir);
  const server = new DeviceServer(await testGpu(), storage);
  const encoded = { ids: Uint32Array.of(1), cumulative: Uint32Array.of(0, 1), poolStart: Uint32Array.of(0) };
  const calls: Readonly<Record<string, (input: never) => Promise<unknown>>> = {
    tokenizeTexts: async () => ({ encoded, truncated: [false], prompts: {} }),
    encode: async () => ({ data: Float32Array.of(1, 0, 0, 0), count: 1, dimension }),
    search: (input: SearchInput) => server.search(input),
    forget: (input: { readonly segment: string }) => server.forget(input),
  };
  const thread = { death: undefined, call: (name: string, input: never) => calls[name]!(input) };
  const config = loadConfig({ TANDEM_DATA: database.dataDir });
  const parts = { config, database, storage, jobs: { cpu: thread, device: thread }, startedAt: new Date() };
  return parts as unknown as Tandem;
}

it.each([
  ['has a bit that is another', (path: string, bytes: Buffer) => writeFile(path, flipped(bytes, 6 * 16 + 3))],
  ['is cut', (path: string, bytes: Buffer) => writeFile(path, bytes.subarray(0, -4))],
  ['is gone', (path: string) => rm(path)],
])('is made again where it %s', async (_, damage) => {
  const tandem = await service();
  const { signal } = new AbortController();
  const { path } = await segmentOf(tandem, collection, { signal });
  const bytes = await readFile(path);
  await damage(path, bytes);
  const answer = await search(tandem, { collectionId: collection.id, query: 'x', k: 1, instruction: '' }, signal);
  expect(answer).toMatchObject({ searched: count, hits: [{ rank: 1, score: 1, document: { key: '7' } }] });
  expect(await readFile(path)).toEqual(bytes);
});

function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at]! ^= 0x80;
  return copy;
}
