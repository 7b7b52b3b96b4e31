/**
 * Confines imports to the import folder: no way out by `..`, an absolute path or a symbolic link.
 * Only files and folders pass: reading a pipe or a device would wait forever.
 */
import { readdir, realpath, stat } from 'node:fs/promises';
import { isAbsolute, join, parse, relative, resolve, sep } from 'node:path';
import { badInput, notFound } from '../errors.ts';

/** Entries of a folder that are looked at; more is refused. */
const mostEntries = 10_000;

const remedy = (folder: string) =>
  `Copy the data into ${folder}, or upload it (PUT below /import), and give the path in that folder.`;

/** What may be read: `path` is real, and so is `within`, the import folder in which it lies. */
export interface Confined {
  readonly path: string;
  readonly within: string;
}

/** `path` below `folder`; refuses what leads outside or is not there. Whoever reads it opens files by openForeign. */
export async function confine(folder: string, path: string, field = 'input.source.path'): Promise<Confined> {
  if (path.includes('\0')) throw badInput('The path has a NUL character', { field, expected: 'a path' });
  if (path.trim() === '') throw badInput('The path is empty', { field, expected: 'a path; . is the whole folder' });
  const root = await realpath(folder).catch(() => {
    throw notFound(`There is no import folder ${folder}`, { field, expected: 'a folder', remedy: `Make ${folder}.` });
  });
  const wanted = resolve(root, path);
  if (!isInside(root, wanted)) throw outside(path, folder, field);
  const real = await realpath(wanted).catch(() => {
    throw notFound(`There is no "${path}" in the import folder`, {
      field,
      expected: `a file or folder in ${folder}`,
      remedy: remedy(folder),
    });
  });
  if (!isInside(root, real)) throw outside(path, folder, field);
  const found = await stat(real);
  if (!isPlain(found)) throw special(path, folder, field);
  // Where every file may be read no entry leads outside, and a folder may hold whatever it likes beside its data.
  if (found.isDirectory() && root !== parse(root).root) await confineEntries(root, real, folder, field);
  return { path: real, within: root };
}

export function isInside(root: string, path: string): boolean {
  const way = relative(root, path);
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

/** Links inside a folder may not lead outside either. */
async function confineEntries(root: string, path: string, folder: string, field: string): Promise<void> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  if (entries.length > mostEntries) {
    throw badInput(`The folder has ${entries.length} entries`, {
      field,
      expected: `at most ${mostEntries}`,
      remedy: 'Give the folder of the data set or model itself.',
    });
  }
  for (const entry of entries) {
    const place = join(entry.parentPath, entry.name);
    const target = entry.isSymbolicLink() ? await realpath(place).catch(() => null) : place;
    if (target === null || !isInside(root, target)) throw outside(place, folder, field);
    if (!isPlain(entry.isSymbolicLink() ? await stat(target) : entry)) throw special(place, folder, field);
  }
}

interface Kind {
  isFile(): boolean;
  isDirectory(): boolean;
}

const isPlain = (kind: Kind): boolean => kind.isFile() || kind.isDirectory();

const special = (path: string, folder: string, field: string) =>
  badInput(`${JSON.stringify(path)} is neither a file nor a folder`, {
    field,
    expected: 'a file or a folder; no pipe, socket or device',
    remedy: remedy(folder),
  });

const outside = (path: string, folder: string, field: string) =>
  badInput(`The path ${JSON.stringify(path)} leads out of the import folder`, {
    field,
    expected: `a path inside ${folder}, links included`,
    remedy: remedy(folder),
  });
