/** Short work of every kind but training, mixed, that is asked for under keys until it is answered. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { TandemClient } from '../../src/client/index.ts';
import { isPassing } from './asking.ts';
import type { Ledger } from './ledger.ts';
import type { Place } from './place.ts';
import { addDocuments, createModel, evaluate, exportCheckpoint, fuse, importDataset, importModel } from './requests.ts';
import { recordOf, textOf } from './texts.ts';

type Request = (client: TandemClient, place: Place, n: number, key: string) => Promise<unknown>;

const documentsAtOnce = 40;

interface ShortWork {
  readonly request: Request;
  /** Rows that it makes, by table. */
  readonly makes: Readonly<Record<string, number>>;
  /** The host that is asked must have all files: it reads its import folder, or keeps the texts that were given. */
  readonly hereOnly?: boolean;
}

const works: readonly ShortWork[] = [
  {
    request: (client, _, n, key) => {
      const records = Array.from({ length: 300 }, (_, i) => recordOf(1_000 * n + i, 10));
      return importDataset(client, `inline ${n}`, { records }, key);
    },
    makes: { datasets: 1 },
  },
  {
    request: (client, { few }, n, key) => importDataset(client, `path ${n}`, { path: few }, key),
    makes: { datasets: 1 },
    hereOnly: true,
  },
  {
    request: (client, { dataset }, n, key) => {
      const sizes = { vocabularySize: 128, maxPositions: 64, width: 32 };
      return createModel(client, { name: `made ${n}`, dataset, seed: 100 + n, ...sizes }, key);
    },
    makes: { models: 1, checkpoints: 1 },
  },
  {
    request: (client, { folder }, n, key) => importModel(client, `imported ${n}`, folder, key),
    makes: { models: 1, checkpoints: 1 },
    hereOnly: true,
  },
  {
    request: (client, { checkpoint, dataset }, _, key) => evaluate(client, checkpoint, [dataset], key),
    makes: { evaluations: 1 },
  },
  {
    request: (client, { trained }, n, key) => fuse(client, trained, 1 + n / 500, key),
    makes: { checkpoints: 1 },
  },
  {
    request: (client, { collection }, n, key) => {
      const text = (i: number) => ({ key: `${n}-${i}`, text: textOf(1_000 * n + i, 8) });
      return addDocuments(
        client,
        collection,
        Array.from({ length: documentsAtOnce }, (_, i) => text(i)),
        key,
      );
    },
    makes: { documents: documentsAtOnce, embeddings: documentsAtOnce },
    hereOnly: true,
  },
  {
    request: (client, { checkpoint }, n, key) => exportCheckpoint(client, checkpoint, `export-${n}`, key),
    makes: {},
  },
];

const keyOf = (n: number): string => `mixed ${n}`;
const workOf = (n: number): ShortWork => works[n % works.length]!;
export const hereOnly = (n: number): boolean => workOf(n).hereOnly === true;

/** Asks again as a client does whose server went away, until there is an answer; two minutes at most. */
export async function ask(client: () => TandemClient, place: Place, n: number): Promise<unknown> {
  const end = Date.now() + 120_000;
  for (;;) {
    try {
      return await workOf(n).request(client(), place, n, keyOf(n));
    } catch (error) {
      if (Date.now() > end || !isPassing(error)) throw error;
      await sleep(200);
    }
  }
}

/** Each of the first `count` requests has its job, all succeeded, and every row that they make is there once. */
export async function expectEachOnce(
  ledger: Ledger,
  before: Readonly<Record<string, number>>,
  count: number,
): Promise<void> {
  const jobs = (await ledger.jobs()).filter(({ key }) => key.startsWith('mixed'));
  expect(jobs.filter(({ state }) => state !== 'SUCCEEDED')).toEqual([]);
  const keys = Array.from({ length: count }, (_, n) => keyOf(n));
  expect(new Set(jobs.map(({ key }) => key.replace(/:.*/, '')))).toEqual(new Set(keys));
  expect(await ledger.counts()).toEqual(rowsAfter(before, count));
}

function rowsAfter(before: Readonly<Record<string, number>>, count: number): Record<string, number> {
  const rows: Record<string, number> = { ...before };
  const add = (table: string, more: number): void => {
    rows[table] = (rows[table] ?? 0) + more;
  };
  add('jobs', count);
  for (let n = 0; n < count; n++) for (const [table, more] of Object.entries(workOf(n).makes)) add(table, more);
  return rows;
}

/** Works through 0 to count - 1, a few at a time. */
export async function together(count: number, atOnce: number, work: (n: number) => Promise<void>): Promise<void> {
  let next = 0;
  const one = async (): Promise<void> => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: atOnce }, one));
}
