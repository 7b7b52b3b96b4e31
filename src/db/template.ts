/**
 * A new embedded database as a copy of one that the build made: making one anew takes the longest part of a first start.
 * Called by the database's thread, before it opens the folder.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { readTar } from '../tar.ts';

/** Unpacks the template where no database is yet. Whole or not at all: a killed process leaves what the next one removes. */
export function unpackTemplate(archive: string, folder: string): void {
  if (existsSync(folder)) return;
  const staged = `${folder}.new`;
  rmSync(staged, { recursive: true, force: true });
  mkdirSync(staged, { mode: 0o700 });
  for (const { name, content } of readTar(gunzipSync(readFileSync(archive)))) {
    const path = join(staged, name);
    mkdirSync(content ? dirname(path) : path, { recursive: true, mode: 0o700 });
    if (content) writeFileSync(path, content, { mode: 0o600 });
  }
  renameSync(staged, folder);
}
