/** What the process ends with; documented in the README. */
import { TandemError } from '../errors.ts';

export const exitCodes = {
  ok: 0,
  /** Something unexpected: a defect, or a server that broke. */
  failure: 1,
  /** The input is at fault: bad arguments, an unknown id, a refused file. */
  badInput: 2,
  /** No server answers. */
  noServer: 3,
  /** The run that was watched ended otherwise than SUCCEEDED. */
  runNotSucceeded: 4,
} as const;

/** The exit code that tells a script what kind of failure this is. */
export function exitCodeOf(error: unknown): number {
  const code = error instanceof TandemError ? error.code : codeOfAnswer(error);
  if (code === 'UNAVAILABLE') return exitCodes.noServer;
  return code === undefined ? exitCodes.failure : exitCodes.badInput;
}

/** The `extensions.code` of an error that the API answered with. */
function codeOfAnswer(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && /^[A-Z_]+$/.test(code) && code !== 'INTERNAL_SERVER_ERROR' ? code : undefined;
}
