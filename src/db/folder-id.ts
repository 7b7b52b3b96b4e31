/**
 * A random id of the data folder, by which hosts on one Postgres say where work is to be done. It stays through a move
 * and a restore; a copy of a folder that was in use gets an id of its own. Called by open.ts.
 */
import { randomUUID } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export async function folderIdOf(dataDir: string, { isCopy }: { readonly isCopy: boolean }): Promise<string> {
  const path = join(dataDir, 'folder-id');
  const found = await readFile(path, 'utf8').then(
    (text) => text.trim(),
    () => '',
  );
  if (!isCopy && uuid.test(found)) return found;
  const id = randomUUID();
  await writeFile(`${path}.new`, `${id}\n`);
  await rename(`${path}.new`, path);
  return id;
}
