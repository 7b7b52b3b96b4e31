/**
 * For which database the folders of a data folder were published. Another database names none of them, and yet they are
 * not garbage: after a trial of another database or a move to one, a return must find the old folders.
 */
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { Storage } from '../storage/storage.ts';
import type { FolderKind } from './uses.ts';

interface Owner {
  readonly database: string;
  /** When this database first used the data folder after another one, or first of all: milliseconds since 1970. */
  readonly since: number;
}

/** Notes that the database uses the data folder. Returns whether a folder of storage was published for it. */
export async function claimFolder(
  storage: Storage,
  database: string,
): Promise<(kind: FolderKind, digest: string) => Promise<boolean>> {
  const path = join(storage.root, 'retention.json');
  const before = await readOwner(path);
  const owner = before?.database === database ? before : { database, since: Date.now() };
  if (owner !== before) await writeFile(path, `${JSON.stringify({ ...owner, crc32: sumOf(owner) })}\n`);
  return async (kind, digest) => (await stat(storage.path(kind, digest))).mtimeMs >= owner.since;
}

/** A time of which a bit is another would make garbage of the folders of another database. */
const sumOf = ({ database, since }: Owner): number => crc32(`${database} ${since}`);

async function readOwner(path: string): Promise<Owner | undefined> {
  try {
    const { crc32: sum, ...owner } = JSON.parse(await readFile(path, 'utf8')) as Owner & { readonly crc32: number };
    return sum === sumOf(owner) ? owner : undefined;
  } catch {
    // Missing or damaged: then nothing that is there now counts as this database's, and nothing is removed.
    return undefined;
  }
}
