/**
 * Files of other programs: opened first, then judged by what was opened, since a path may lead elsewhere a moment
 * later. Only plain files pass: reading a pipe or a device would wait for ever.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { constants, type Stats } from 'node:fs';
import { type FileHandle, lstat, open, readlink, realpath } from 'node:fs/promises';
import { badInput } from '../errors.ts';
import { isInside } from './import-path.ts';

/** Without O_NONBLOCK, opening a named pipe would wait for its writer. Windows knows neither. */
const flags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

const confinement = new AsyncLocalStorage<string>();

/** Runs `work`, in which {@link openForeign} opens nothing outside `root`, a real path; undefined = anywhere. */
export const confinedTo = <T>(root: string | undefined, work: () => Promise<T>): Promise<T> =>
  root === undefined ? work() : confinement.run(root, work);

/** Opens a file to read it; the caller closes it. Throws what the system says, and `notPlain` for what is no file. */
export async function openForeign(path: string, notPlain: () => Error): Promise<FileHandle> {
  const handle = await open(path, flags);
  try {
    const found = await handle.stat();
    if (!found.isFile()) throw notPlain();
    const root = confinement.getStore();
    if (root !== undefined && !(await liesIn(root, path, handle, found))) throw exchanged(path, root);
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Linux knows the path of what is open; elsewhere the path must still lead to the same file, and inside. */
async function liesIn(root: string, path: string, { fd }: FileHandle, found: Stats): Promise<boolean> {
  const known = await readlink(`/proc/self/fd/${fd}`).catch(() => undefined);
  if (known !== undefined) return isInside(root, known);
  const real = await realpath(path);
  const there = await lstat(real);
  return isInside(root, real) && there.ino === found.ino && there.dev === found.dev;
}

const exchanged = (path: string, root: string) =>
  badInput(`The file ${path} leads out of the import folder since it was checked`, {
    field: path,
    expected: `a file inside ${root}, links included`,
    remedy: 'Leave the folder as it is until the import has ended.',
  });
