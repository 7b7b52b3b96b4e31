/**
 * Who works on a data folder: a random id of the folder, by which hosts on one Postgres say where work is to be done,
 * and the ids of the processes that had it before and whose work may not be marked yet. folder.json keeps them. The id
 * stays through a move and a restore; a copy of a folder that was in use gets an id of its own. Called by open.ts.
 */
import { randomUUID } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DataLock } from './lock.ts';

export interface FolderOwner {
  /** Random id of the data folder. */
  readonly folder: string;
  /** Random id of this start of this process. */
  readonly process: string;
  /** Ids of the processes that had the folder before: they are gone, for this one holds the lock. */
  readonly dead: readonly string[];
  /** Forgets those: what they left is marked. */
  settle(): Promise<void>;
}

interface Kept {
  readonly folder: string;
  readonly processes: readonly string[];
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Called with the folder's lock. The process is written down before it can begin any work. */
export async function ownFolder(dataDir: string, { owner, isCopy }: DataLock): Promise<FolderOwner> {
  const path = join(dataDir, 'folder.json');
  const before = isCopy ? undefined : await read(path);
  const folder = before?.folder ?? randomUUID();
  const dead = before?.processes ?? [];
  const keep = (processes: readonly string[]) => write(path, { folder, processes });
  await keep([...dead, owner.id]);
  return { folder, process: owner.id, dead, settle: () => keep([owner.id]) };
}

/** Undefined = there is none, or it is damaged: then the folder counts as a new one. */
async function read(path: string): Promise<Kept | undefined> {
  try {
    const { folder, processes } = JSON.parse(await readFile(path, 'utf8')) as Kept;
    return [folder, ...processes].every((id) => uuid.test(id)) ? { folder, processes } : undefined;
  } catch {
    return undefined;
  }
}

async function write(path: string, kept: Kept): Promise<void> {
  await writeFile(`${path}.new`, `${JSON.stringify(kept)}\n`);
  await rename(`${path}.new`, path);
}
