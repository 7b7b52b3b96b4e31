/** File work below storage.ts: listing, exact reads, and fsync of folders. */
import { type FileHandle, open, readdir } from 'node:fs/promises';
import { join, posix, sep } from 'node:path';

/** The paths of all files of a folder, relative to it and with forward slashes, sorted in code-unit order. */
export async function listFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .map((path) => path.split(sep).join(posix.sep))
    .sort((a, b) => (a < b ? -1 : 1));
}

/** One read gives at most 2 GiB. */
const readLimit = 1 << 30;

/**
 * Reads exactly the given number of bytes, however many reads that takes; throws `tooShort` of the byte at which the
 * file ended.
 */
export async function readExactly(
  handle: Pick<FileHandle, 'read'>,
  position: number,
  length: number,
  tooShort: (end: number) => Error,
): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(length);
  for (let done = 0; done < length; ) {
    const { bytesRead } = await handle.read(bytes, done, Math.min(length - done, readLimit), position + done);
    if (bytesRead === 0) throw tooShort(position + done);
    done += bytesRead;
  }
  return bytes;
}

/** fsync of a file's content. */
export async function syncFile(path: string): Promise<void> {
  const handle = await open(path, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** fsync of a folder's entries. Windows has no such thing and refuses to open one. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** fsync of every file below a folder, then of every folder. */
export async function syncTree(folder: string): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) await syncFile(path);
    else if (entry.isDirectory()) await syncFolder(path);
  }
  await syncFolder(folder);
}
