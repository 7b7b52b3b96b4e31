/** Recognises a full disk, which the user can mend, wherever files are written. */
import { type ErrorDetails, type TandemError, unavailable } from './errors.ts';

/** A TandemError for a full disk or quota, with details of the caller's own if it has some; null for anything else. */
export function diskError(error: unknown, details: Pick<ErrorDetails, 'expected' | 'remedy'> = {}): TandemError | null {
  if (!(error instanceof Error)) return null;
  const { code, path } = error as NodeJS.ErrnoException;
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return null;
  return unavailable('The disk is full', {
    reason: 'storage-full',
    field: path ?? 'TANDEM_DATA',
    expected: 'free space for what is being written; nothing half-written was kept',
    remedy: 'Free some space, or point TANDEM_DATA to another disk, and try again.',
    ...details,
  });
}
