/** <data folder>/server.json: address, pid and secret of the server of this data folder, for the command line. */
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ServerNote } from '../server-proof.ts';

const pathIn = (dataDir: string): string => join(dataDir, 'server.json');

/** Atomic: written under another name, then renamed. Readable by its owner alone. */
export async function writePortFile(dataDir: string, note: Omit<ServerNote, 'pid'>): Promise<void> {
  const staged = `${pathIn(dataDir)}.${process.pid}`;
  await writeFile(staged, `${JSON.stringify({ ...note, pid: process.pid })}\n`, { mode: 0o600 });
  await rename(staged, pathIn(dataDir));
}

/** Removes the file unless another process has replaced it. */
export async function removePortFile(dataDir: string): Promise<void> {
  const text = await readFile(pathIn(dataDir), 'utf8').catch(() => '{}');
  if ((JSON.parse(text) as { pid?: number }).pid === process.pid) await rm(pathIn(dataDir), { force: true });
}
