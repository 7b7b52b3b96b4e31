/** Failures that are no defects, as every way of asking tells them. */
import { foreseenFailure } from '../../db/refusals.ts';
import { TandemError, unavailable } from '../../errors.ts';

/** What a foreseen failure is; null = a defect. */
export function foreseen(error: unknown): TandemError | null {
  if (error instanceof TandemError) return error;
  if (error instanceof Error && error.name === 'AbortError') {
    return unavailable('The request was cancelled', { expected: 'a client that waits', remedy: 'Send it again.' });
  }
  return foreseenFailure(error);
}
