/**
 * Files of other programs: opened first, then judged by what was opened, since a path may lead elsewhere a moment
 * later. Only plain files pass: reading a pipe or a device would wait for ever.
 */
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

/** Without O_NONBLOCK, opening a named pipe would wait for its writer. Windows knows neither. */
const flags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/** Opens a file to read it; the caller closes it. Throws what the system says, and `notPlain` for what is no file. */
export async function openForeign(path: string, notPlain: () => Error): Promise<FileHandle> {
  const handle = await open(path, flags);
  try {
    if (!(await handle.stat()).isFile()) throw notPlain();
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}
