/**
 * Reading files that Tandem wrote itself. What is wrong with one is no mistake of a caller and no defect: it was
 * damaged, or taken away, and the error names the file and what mends it. Every reader of an object in storage goes
 * through here.
 */
import { isAbsolute } from 'node:path';
import { type ErrorDetails, TandemError, unavailable } from '../errors.ts';
import { damagedFile, type StorageKind } from './damaged-file.ts';
import type { Storage } from './storage.ts';

/**
 * Reads an object of storage, or a part of it. What its readers find wrong in it becomes a {@link damagedFile}; a file
 * that is there and cannot be read now (no rights, too many open files) is UNAVAILABLE with another reason.
 */
export async function readOwn<T>(
  storage: Storage,
  kind: StorageKind,
  name: string,
  read: (path: string) => Promise<T>,
): Promise<T> {
  const path = await storage.require(kind, name);
  try {
    return await read(path);
  } catch (error) {
    throw ownFileError(kind, path, error);
  }
}

/** What an error of reading the object at `path` means; errors that say it themselves stay as they are. */
export function ownFileError(kind: StorageKind, path: string, error: unknown): unknown {
  // The readers of model folders take every folder for a user's.
  if (error instanceof TandemError) {
    return error.code === 'BAD_USER_INPUT' ? damagedFile(kind, fileOf(error.details, path), error.message) : error;
  }
  if (error instanceof SyntaxError || error instanceof RangeError) return damagedFile(kind, path, error.message);
  if (!(error instanceof Error) || !('code' in error) || !('syscall' in error)) return error;
  const { code, path: of = path } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR') return damagedFile(kind, of, 'the file is missing');
  return unavailable(`${of} cannot be read (${code})`, {
    field: of,
    expected: 'a file that this process may read',
    remedy: "Look at the file's rights and at the disk, then try again.",
  });
}

const fileOf = ({ field }: ErrorDetails, path: string): string =>
  field !== undefined && isAbsolute(field) && field.startsWith(path) ? field : path;

/** JSON of a file that Tandem wrote. */
export function parseStored(kind: StorageKind, path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw damagedFile(kind, path, text === '' ? 'it is empty' : (error as Error).message);
  }
}

export const isStoredObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
