/**
 * A new embedded database as a copy of one that the build made: making one anew takes the longest part of a first start.
 * Called by the database's thread, before it opens the folder.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** Unpacks the template where no database is yet. Whole or not at all: a killed process leaves what the next one removes. */
export function unpackTemplate(archive: string, folder: string): void {
  if (existsSync(folder)) return;
  const staged = `${folder}.new`;
  rmSync(staged, { recursive: true, force: true });
  mkdirSync(staged, { mode: 0o700 });
  for (const { name, bytes } of entriesOf(gunzipSync(readFileSync(archive)))) {
    const path = join(staged, name);
    mkdirSync(bytes ? dirname(path) : path, { recursive: true, mode: 0o700 });
    if (bytes) writeFileSync(path, bytes, { mode: 0o600 });
  }
  renameSync(staged, folder);
}

const block = 512;

interface Entry {
  readonly name: string;
  /** Undefined = a folder. */
  readonly bytes: Uint8Array | undefined;
}

/** Files and folders of a tar archive (POSIX ustar; the build writes nothing else). */
function* entriesOf(tar: Buffer): Generator<Entry, void, undefined> {
  const text = (from: number, length: number): string =>
    tar.toString('latin1', from, from + length).replace(/\0.*$/s, '');
  for (let at = 0; at + block <= tar.length && tar[at] !== 0; ) {
    const size = Number.parseInt(text(at + 124, 12), 8) || 0;
    const isFolder = text(at + 156, 1) === '5';
    const name = [text(at + 345, 155), text(at, 100)].filter(Boolean).join('/');
    yield { name, bytes: isFolder ? undefined : tar.subarray(at + block, at + block + size) };
    at += block + Math.ceil(size / block) * block;
  }
}
