/** What lies in a data folder, so that two folders can be compared. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';

/** Names of folders that hold what was made; the database and the caches lie elsewhere. */
const parts = ['objects', 'export', 'tmp'] as const;

const ids = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

/**
 * Every file with its size, and of exports with its digest, sorted. Names of stored objects are digests of their
 * content; an id in a name differs between servers and is left out.
 */
export async function filesIn(dataDir: string): Promise<string[]> {
  const found: string[] = [];
  for (const part of parts) {
    const entries = await readdir(join(dataDir, part), { recursive: true, withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      const path = join(entry.parentPath, entry.name);
      const name = relative(dataDir, path).replace(ids, '<id>');
      if (entry.isFile())
        found.push(`${name} ${(await stat(path)).size} ${part === 'export' ? await digestOf(path) : ''}`);
      else if ((await readdir(path)).length === 0 && !isFolderOfKind(name)) found.push(`${name}/`);
    }
  }
  return found.sort();
}

/** It comes with the first object of its kind and stays, empty or not. */
const isFolderOfKind = (name: string): boolean => /^objects\/[^/]+$/.test(name);

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const part of createReadStream(path)) hash.update(part as Buffer);
  return hash.digest('hex');
}
