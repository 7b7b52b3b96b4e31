/** Confines importDataset and importModel to the import folder: no way out by `..`, an absolute path or a symbolic link. */
import { readdir, realpath, stat } from 'node:fs/promises';
import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import { badInput, notFound } from '../errors.ts';

/** Entries of a folder that are looked at; more is refused. */
const mostEntries = 10_000;

const remedy = (folder: string) => `Copy the data into ${folder} and give the path below it.`;

/** The real path of `path` below `folder`; refuses what leads outside or is not there. */
export async function confine(folder: string, path: string, field = 'input.source.path'): Promise<string> {
  if (path.includes('\0')) throw badInput('The path has a NUL character', { field, expected: 'a path' });
  const root = await realpath(folder).catch(() => {
    throw notFound(`There is no import folder ${folder}`, { field, expected: 'a folder', remedy: `Make ${folder}.` });
  });
  const wanted = resolve(root, path);
  if (!isInside(root, wanted)) throw outside(path, folder, field);
  const real = await realpath(wanted).catch(() => {
    throw notFound(`There is no ${path} in the import folder`, {
      field,
      expected: `a file or folder in ${folder}`,
      remedy: remedy(folder),
    });
  });
  if (!isInside(root, real)) throw outside(path, folder, field);
  if ((await stat(real)).isDirectory()) await confineEntries(root, real, folder, field);
  return real;
}

function isInside(root: string, path: string): boolean {
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
    if (!entry.isSymbolicLink()) continue;
    const target = await realpath(join(entry.parentPath, entry.name)).catch(() => null);
    if (target === null || !isInside(root, target)) throw outside(join(path, entry.name), folder, field);
  }
}

const outside = (path: string, folder: string, field: string) =>
  badInput(`The path ${JSON.stringify(path)} leads out of the import folder`, {
    field,
    expected: `a path inside ${folder}, links included`,
    remedy: remedy(folder),
  });
