/**
 * Folders of models, states and data sets are named by their content, so several rows may name one: equal runs make equal
 * checkpoints. Here is the one answer to which of them nothing names any more, and their removal. Called by services/ and
 * by the retention of checkpoints.
 */
import { inArray } from 'drizzle-orm';
import type { PgColumn } from 'drizzle-orm/pg-core';
import { afterCommit, type Db, type Executor } from '../../db/open.ts';
import { checkpoints, datasets, models } from '../../db/schema.ts';
import { createLogger } from '../../log.ts';
import { exclusively } from '../../storage/exclusive.ts';
import type { NamedKind, Storage } from '../../storage/storage.ts';

/** The columns that name folders of a kind. */
const namedIn: Readonly<Record<NamedKind, readonly PgColumn[]>> = {
  datasets: [datasets.digest],
  models: [models.digest, checkpoints.digest],
  states: [checkpoints.stateDigest],
};

/** Those of the digests that no row names. */
async function unnamed(executor: Executor, kind: NamedKind, digests: readonly (string | null)[]): Promise<string[]> {
  const asked = [...new Set(digests)].filter((digest) => digest !== null);
  const named = new Set<unknown>();
  for (const column of asked.length > 0 ? namedIn[kind] : []) {
    const found = await executor.select({ digest: column }).from(column.table).where(inArray(column, asked));
    for (const { digest } of found) named.add(digest);
  }
  return asked.filter((digest) => !named.has(digest));
}

/**
 * Held while a folder is removed and while rows that name new folders are written: a short lock, which no computation and
 * no other lock is waited for under. Never asked for inside a transaction.
 */
export const whileFoldersStay = <T>(work: () => Promise<T>): Promise<T> => exclusively('folders that rows name', work);

/**
 * Removes those of the folders that no row names, after the commit that deleted rows. A row that was written since then
 * brings its folder back: it is asked for again once the folder is out of sight.
 */
export async function removeUnnamed(
  { db, storage }: { readonly db: Db; readonly storage: Storage },
  kind: NamedKind,
  digests: readonly (string | null)[],
  forget: (digest: string) => Promise<void> = async () => {},
): Promise<void> {
  for (const digest of await unnamed(db, kind, digests)) {
    await forget(digest);
    await whileFoldersStay(async () => {
      const unless = async (): Promise<boolean> => (await unnamed(db, kind, [digest])).length === 0;
      await storage.remove(kind, digest, { unless });
    });
  }
}

/** Said in the transaction that writes a row which names the folder. */
export function settleAfterCommit(storage: Storage, kind: NamedKind, digest: string): void {
  afterCommit(() => {
    void storage.settle(kind, digest).catch((error: unknown) => {
      createLogger('jobs').warn(
        { error, kind, digest },
        'a folder could not be noted as named; the next start does it',
      );
    });
  });
}

/** At start: removes the folders that a killed process published and did not live to name. */
export async function sweepUnnamed(context: { readonly db: Db; readonly storage: Storage }): Promise<void> {
  const { storage } = context;
  for (const { kind, name } of await storage.unnamed()) {
    await removeUnnamed(context, kind, [name]);
    await storage.settle(kind, name);
  }
}
