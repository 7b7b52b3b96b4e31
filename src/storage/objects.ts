/** Everything that lies in the storage of a data folder, by looking at it: objects, and what none of them is. */
import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ManifestKind } from './damaged-file.ts';
import type { Storage } from './storage.ts';

/** An object that can be compared with what was published. */
export interface StoredObject {
  readonly kind: ManifestKind | 'payloads';
  readonly name: string;
}

export interface Stored {
  readonly objects: readonly StoredObject[];
  /** Paths of files and folders that Tandem did not make. */
  readonly others: readonly string[];
}

/** Folders between a kind and its objects: token files lie below their data set and their model. */
const depths: Readonly<Record<StoredObject['kind'], number>> = {
  datasets: 0,
  models: 0,
  states: 0,
  tokens: 2,
  units: 0,
  payloads: 0,
};

/** Without segments, which are made anew at every start. */
export async function listStored(storage: Storage): Promise<Stored> {
  const root = join(storage.root, 'objects');
  const objects: StoredObject[] = [];
  const others: string[] = [];

  async function look(kind: StoredObject['kind'], below: string, depth: number): Promise<void> {
    for (const entry of await entriesOf(join(root, kind, below))) {
      const name = below === '' ? entry.name : `${below}/${entry.name}`;
      const isOurs = isDigest(entry.name) && (kind === 'payloads' ? entry.isFile() : entry.isDirectory());
      if (!isOurs) others.push(join(root, kind, name));
      else if (depth > 0) await look(kind, name, depth - 1);
      else objects.push({ kind, name });
    }
  }

  for (const entry of await entriesOf(root)) {
    if (entry.name === 'segments') continue;
    const isOurs = entry.isDirectory() && Object.hasOwn(depths, entry.name);
    if (!isOurs) others.push(join(root, entry.name));
    else await look(entry.name as StoredObject['kind'], '', depths[entry.name as StoredObject['kind']]);
  }
  return { objects, others };
}

/** A sha256, the name of every object. */
export const isDigest = (name: string): boolean => /^[0-9a-f]{64}$/.test(name);

/** Sorted by name; nothing where there is no such folder. */
const entriesOf = (folder: string): Promise<Dirent[]> =>
  readdir(folder, { withFileTypes: true }).then(
    (entries) => entries.sort((a, b) => (a.name < b.name ? -1 : 1)),
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    },
  );
