/**
 * A new embedded database as a copy of one that the build made: making one anew takes the longest part of a first
 * start. Called by the database's thread, before it opens the folder.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { unavailable } from '../errors.ts';
import { readTar, type TarEntry } from '../tar.ts';

/**
 * Unpacks the template where no database is yet. Whole or not at all: a killed process leaves what the next one
 * removes.
 */
export function unpackTemplate(archive: string, folder: string): void {
  if (existsSync(folder)) return;
  const staged = `${folder}.new`;
  const clear = (): void => rmSync(staged, { recursive: true, force: true });
  clear();
  const entries = readTemplate(archive);
  try {
    mkdirSync(staged, { mode: 0o700 });
    for (const entry of entries) unpack(entry, staged);
    renameSync(staged, folder);
  } catch (error) {
    clear();
    throw error;
  }
}

function unpack({ name, content }: TarEntry, folder: string): void {
  const path = join(folder, name);
  mkdirSync(content ? dirname(path) : path, { recursive: true, mode: 0o700 });
  if (content) writeFileSync(path, content, { mode: 0o600 });
}

function readTemplate(archive: string): readonly TarEntry[] {
  try {
    return [...readTar(gunzipSync(readFileSync(archive)))];
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    const what = isMissing ? 'is missing' : `cannot be read (${(error as Error).message})`;
    throw unavailable(`The installation is damaged: the template of new databases ${what}`, {
      field: archive,
      expected: 'the whole archive that the build makes',
      remedy: 'Install Tandem again; in a checkout, run `npm run build` again.',
    });
  }
}
