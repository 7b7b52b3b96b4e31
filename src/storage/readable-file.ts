/**
 * A file that is read by place: that of another program as it stands, and that of an object in storage block by block,
 * each compared with the manifest before any of it is used. Readers of model folders meet both and need not know which.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { type FileHandle, open } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { damagedFile, type ManifestKind, ownFileError } from './damaged-file.ts';
import { readExactly } from './files.ts';
import { openForeign } from './foreign-file.ts';
import { blockBytes, haveBlocks, type Manifest } from './manifest.ts';

export interface ReadableFile {
  readonly size: number;
  /** Exactly these bytes; throws `tooShort` of the byte at which the file ended. */
  read(position: number, length: number, tooShort: (end: number) => Error): Promise<Buffer>;
  close(): Promise<void>;
}

/** A folder of storage, as it was published. */
export interface OwnFolder {
  readonly kind: ManifestKind;
  readonly path: string;
  readonly manifest: Manifest;
}

const current = new AsyncLocalStorage<OwnFolder>();

/** Runs `work`, in which {@link openReadable} compares the files of the folder with its manifest. */
export const comparedWith = <T>(folder: OwnFolder, work: () => Promise<T>): Promise<T> => current.run(folder, work);

/** Opens a file; the caller closes it. Throws what the system says, and `notPlain` for what is no file. */
export async function openReadable(path: string, notPlain: () => Error): Promise<ReadableFile> {
  const folder = current.getStore();
  const inside = folder === undefined ? undefined : pathInside(folder.path, path);
  if (folder !== undefined && inside !== undefined) return openOwn(folder, inside);
  const handle = await openForeign(path, notPlain);
  try {
    const { size } = await handle.stat();
    return {
      size,
      read: (position, length, tooShort) => readExactly(handle, position, length, tooShort),
      close: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

function pathInside(folder: string, path: string): string | undefined {
  const way = relative(folder, path);
  return way === '..' || way.startsWith(`..${sep}`) ? undefined : way.split(sep).join('/');
}

/** Opens a file of an object. One that its manifest does not name is none of its files: ENOENT. */
export async function openOwn(folder: OwnFolder, name: string): Promise<ReadableFile> {
  const { kind, manifest } = folder;
  const path = join(folder.path, name);
  const entry = manifest.get(name);
  if (entry === undefined) throw Object.assign(new Error(`ENOENT: ${path}`), { code: 'ENOENT', syscall: 'open', path });
  const wrong = (error: unknown): never => {
    throw ownFileError(kind, path, error);
  };
  const handle: FileHandle = await open(path).catch(wrong);
  return {
    size: entry.bytes,
    async read(position, length, tooShort) {
      if (position + length > entry.bytes) throw tooShort(entry.bytes);
      const first = Math.floor(position / blockBytes);
      const begin = first * blockBytes;
      const end = Math.min(entry.bytes, Math.ceil((position + length) / blockBytes) * blockBytes);
      const isCut = (at: number) => damagedFile(kind, path, `it ends at byte ${at}`);
      const bytes = await readExactly(handle, begin, end - begin, isCut).catch(wrong);
      if (!haveBlocks(bytes, first, entry)) {
        throw damagedFile(kind, path, `its bytes ${begin} to ${end} are not those that were written`);
      }
      return bytes.subarray(position - begin, position - begin + length);
    },
    close: () => handle.close(),
  };
}
