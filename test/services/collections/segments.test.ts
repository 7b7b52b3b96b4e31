/** Searches whose client is gone: what they had begun stops, and nothing half made stays. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { loadConfig } from '../../../src/config.ts';
import type { CollectionRow } from '../../../src/db/schema.ts';
import { search } from '../../../src/services/collections/search.ts';
import { segmentOf } from '../../../src/services/collections/segments.ts';
import type { Tandem } from '../../../src/services/tandem.ts';
import { openStorage } from '../../../src/storage/storage.ts';
import { openTestDatabase, type TestDatabase } from '../../db/database.ts';
import { collectionOf } from '../../db/rows.ts';

const dimension = 4;
const count = 9_000;
let database: TestDatabase;
let collection: CollectionRow;
let tandem: Tandem;
const calls: string[] = [];

beforeAll(async () => {
  database = await openTestDatabase();
  const { dataDir, db } = database;
  const made = await collectionOf(db, dimension);
  collection = made.collection;
  await db.execute(sql`insert into documents (collection_id, key, text)
    select ${collection.id}::uuid, n, 'x' from generate_series(1, ${count}) n`);
  await db.execute(sql`insert into embeddings (document_id, checkpoint_id, dimension, vector, tokens, truncated)
    select id, ${made.checkpoint.id}::uuid, ${dimension}, '[1,0,0,0]', 1, false from documents`);
  const encoded = { ids: Uint32Array.of(1), cumulative: Uint32Array.of(0, 1), poolStart: Uint32Array.of(0) };
  const answers: Readonly<Record<string, object>> = {
    tokenizeTexts: { encoded, truncated: [false], prompts: {} },
    encode: { data: Float32Array.of(1, 0, 0, 0), count: 1, dimension },
    search: { rows: Uint32Array.of(0), scores: Float32Array.of(1), k: 1 },
  };
  const thread = {
    death: undefined,
    call: async (name: string) => {
      calls.push(name);
      return answers[name] ?? null;
    },
  };
  const jobs = { cpu: thread, device: thread };
  const config = loadConfig({ TANDEM_DATA: dataDir });
  tandem = { config, database, storage: openStorage(dataDir), jobs, startedAt: new Date() } as unknown as Tandem;
});
/** No segment is there yet, and no thread was called. */
beforeEach(async () => {
  calls.length = 0;
  for (const name of await tandem.storage.list('segments')) await tandem.storage.remove('segments', name);
});
afterAll(() => database.close());

const leftOver = async (): Promise<string[]> => [
  ...(await readdir(join(database.dataDir, 'tmp')).catch(() => [])),
  ...(await tandem.storage.list('segments')),
];

/** Aborts after so many pages of vectors were asked for. */
function abortAfter(pages: number, reason: Error): AbortSignal {
  const stop = new AbortController();
  let checks = 0;
  return Object.assign(stop.signal, {
    throwIfAborted() {
      // Two checks stand before the pages: before the lock and behind it.
      if (checks++ === pages + 2) stop.abort(reason);
      if (stop.signal.aborted) throw stop.signal.reason;
    },
  });
}

it('stop making a segment between two pages, and leave the next one to make it whole', async () => {
  const gone = new Error('gone');
  await expect(segmentOf(tandem, collection, { signal: abortAfter(2, gone) })).rejects.toBe(gone);
  expect(await leftOver()).toEqual([]);
  const request = { collectionId: collection.id, query: 'x', k: 1, instruction: '' };
  const answer = await search(tandem, request, new AbortController().signal);
  expect(answer).toMatchObject({ searched: count, hits: [{ rank: 1, score: 1 }] });
});

it('do not begin what nobody waits for', async () => {
  const gone = new Error('gone');
  const request = { collectionId: collection.id, query: 'x', k: 1, instruction: '' };
  await expect(search(tandem, request, AbortSignal.abort(gone))).rejects.toBe(gone);
  expect(calls).not.toContain('search');
  expect(await leftOver()).toEqual([]);
});
