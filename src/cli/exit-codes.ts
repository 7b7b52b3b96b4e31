/** What the process ends with; documented in the README. */
import { ApiError } from '../client/index.ts';
import { type ErrorDetails, TandemError } from '../errors.ts';

export const exitCodes = {
  ok: 0,
  /** Something unexpected: a defect, or what the server says is unavailable now (a full disk, a lost device). */
  failure: 1,
  /** The input is at fault: bad arguments, an unknown id, a refused file. */
  badInput: 2,
  /** No server answers. */
  noServer: 3,
  /** The run that was watched ended otherwise than SUCCEEDED. */
  runNotSucceeded: 4,
} as const;

/** There is no server to talk to. */
export class NoServer extends TandemError {
  constructor(message: string, details?: ErrorDetails) {
    super('UNAVAILABLE', message, details);
  }
}

/** The run that was watched stopped otherwise than by success. */
export class RunNotSucceeded extends Error {}

/** The exit code that tells a script what kind of failure this is. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof NoServer || (error instanceof ApiError && error.unreachable)) return exitCodes.noServer;
  if (error instanceof RunNotSucceeded) return exitCodes.runNotSucceeded;
  const code = error instanceof TandemError || error instanceof ApiError ? error.code : undefined;
  return code === undefined || code === 'UNAVAILABLE' || code === 'INTERNAL_SERVER_ERROR'
    ? exitCodes.failure
    : exitCodes.badInput;
}
