/** Files that commands write for people: always new ones, and gone again where they could not be finished. */
import { type FileHandle, open, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { badInput, conflict } from '../errors.ts';

/** Makes the file and gives it to `write`; its absolute path. `option` names what gave the path. */
export async function writeNewFile(
  file: string,
  option: string,
  write: (handle: FileHandle) => Promise<void>,
): Promise<string> {
  const path = resolve(file);
  const handle = await open(path, 'wx').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EEXIST') {
      throw conflict(`There is a file ${path} already`, {
        field: option,
        expected: 'a name that is not taken',
        remedy: 'choose another name, or move the file away',
      });
    }
    throw badInput(`${path} cannot be written: ${error.message}`, {
      field: option,
      expected: 'a new file in a folder that is there and that you may write to',
    });
  });
  try {
    await write(handle);
    await handle.close();
  } catch (error) {
    await handle.close().catch(() => {});
    await rm(path, { force: true });
    throw error;
  }
  return path;
}
