/** The kinds of objects in storage, and the errors for one that was damaged or taken away. */
import { isAbsolute } from 'node:path';
import { type ErrorDetails, TandemError, unavailable } from '../errors.ts';

/** Folders, each with a manifest (manifest.ts). */
export type ManifestKind = 'datasets' | 'models' | 'states' | 'tokens' | 'units';
/** Single files, whose sha256 their readers know: payloads are named by it, and that of a segment is in memory. */
export type StorageKind = ManifestKind | 'segments' | 'payloads';

const remedies: Readonly<Record<StorageKind, string>> = {
  datasets: 'Restore it from a backup of the data folder, or delete the data set and import it again.',
  models: 'Restore it from a backup of the data folder, or make the model or the checkpoint again.',
  states:
    'Restore it from a backup of the data folder, or resume the run again: it goes on from an earlier checkpoint.',
  tokens: 'Try again: it is made again from the data set.',
  units: 'Restore it from a backup of the data folder, or delete the evaluation and evaluate again.',
  segments: 'Search again: it is made again from the database.',
  payloads: 'Send the request again.',
};

/** UNAVAILABLE with the reason `damaged-file`. `path` is the file, or its folder where the file is not known. */
export const damagedFile = (kind: StorageKind, path: string, why: string): TandemError =>
  unavailable(`A file of Tandem is damaged: ${why.includes(path) ? why : `${path}: ${why}`}`, {
    reason: 'damaged-file',
    field: path,
    expected: 'the file as Tandem wrote it',
    remedy: remedies[kind],
  });

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

/** Whether what was parsed is a JSON object. */
export const isStoredObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
