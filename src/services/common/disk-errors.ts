/** A disk without room is the user's to mend, wherever the server was writing. */
import { type TandemError, unavailable } from '../../errors.ts';

/** A TandemError for a full disk or quota; null for anything else. */
export function diskError(error: unknown): TandemError | null {
  if (!(error instanceof Error)) return null;
  const { code, path } = error as NodeJS.ErrnoException;
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return null;
  return unavailable('The disk is full', {
    field: path ?? 'TANDEM_DATA',
    expected: 'free space for what is being written; nothing half-written was kept',
    remedy: 'Free some space, or point TANDEM_DATA to another disk, and try again.',
  });
}
