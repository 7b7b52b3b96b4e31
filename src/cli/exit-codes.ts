/** Exit codes of the command line; documented in the README. */
import { ApiError } from '../client/index.ts';
import { type ErrorDetails, TandemError } from '../errors.ts';

export const exitCodes = {
  ok: 0,
  /** A defect, or something that is unavailable now (a full disk, a lost device). */
  failure: 1,
  /** The input is at fault: bad arguments, an unknown id, a refused file. */
  badInput: 2,
  /** No server answers. */
  noServer: 3,
  /** The run or job that was watched ended otherwise than SUCCEEDED. */
  runNotSucceeded: 4,
  /** A file of the data folder is damaged or missing. */
  damaged: 5,
} as const;

/** No server answers. */
export class NoServer extends TandemError {
  constructor(message: string, details?: ErrorDetails) {
    super('UNAVAILABLE', message, details);
  }
}

/** The watched run or job stopped in another state than SUCCEEDED. */
export class RunNotSucceeded extends Error {}

/** The exit code by which a script can tell kinds of failures apart. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof NoServer || (error instanceof ApiError && error.unreachable)) return exitCodes.noServer;
  if (error instanceof RunNotSucceeded) return exitCodes.runNotSucceeded;
  const code = error instanceof TandemError || error instanceof ApiError ? error.code : undefined;
  return code === undefined || code === 'UNAVAILABLE' || code === 'INTERNAL_SERVER_ERROR'
    ? exitCodes.failure
    : exitCodes.badInput;
}
