/** Recognises a full disk, which the user can mend, wherever files are written. */
import type { StatsFs } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { type ErrorDetails, type TandemError, unavailable } from './errors.ts';

/** A TandemError for a full disk or quota, with details of the caller's own if it has some; null for anything else. */
export function diskError(
  error: unknown,
  details: Pick<ErrorDetails, 'field' | 'expected' | 'remedy'> = {},
): TandemError | null {
  if (!(error instanceof Error)) return null;
  const { code, path } = error as NodeJS.ErrnoException;
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return null;
  return diskFull({ field: path ?? 'TANDEM_DATA', ...details });
}

export const diskFull = (details: Pick<ErrorDetails, 'field' | 'expected' | 'remedy'>): TandemError =>
  unavailable('The disk is full', {
    reason: 'storage-full',
    expected: 'free space for what is being written; nothing half-written was kept',
    remedy: 'Free some space, or point TANDEM_DATA to another disk, and try again.',
    ...details,
  });

/** Two segments of the write-ahead log of the embedded database, without which it does not start. */
const leastFreeBytes = 32 * 1024 * 1024;

/** Of a start: nothing is lost that was there before. */
export const startOnFullDisk = {
  field: 'TANDEM_DATA',
  expected: `at least ${leastFreeBytes / 2 ** 20} MiB free on the disk of the data folder`,
  remedy: 'Free some space and start Tandem again; what the data folder holds is kept.',
} as const;

/**
 * Whether the file system of the folder has too little room for a database; false where it does not say, as some of
 * networks do.
 */
export async function hasTooLittleRoom(
  folder: string,
  ask: (path: string) => Promise<Pick<StatsFs, 'blocks' | 'bavail' | 'bsize'>> = statfs,
): Promise<boolean> {
  const found = await ask(folder).catch(() => undefined);
  return found !== undefined && found.blocks > 0 && found.bavail * found.bsize < leastFreeBytes;
}
