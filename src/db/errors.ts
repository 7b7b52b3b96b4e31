/** Tells errors of the database from others. Drizzle wraps the driver's error in a `cause`. */

export interface PostgresError {
  /** SQLSTATE (PostgreSQL manual, appendix A), or the system's name of a connection's error. */
  readonly code: string;
  readonly constraint?: string;
}

/** No class of SQLSTATE begins with E, as the system's names do (EPERM, E2BIG). */
const sqlState = /^[0-9A-DF-Z][0-9A-Z]{4}$/;

const networkCodes = new Set([
  ...['ECONNREFUSED', 'ECONNRESET', 'ECONNABORTED', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN'],
  ...['EHOSTUNREACH', 'EHOSTDOWN', 'ENETUNREACH', 'ENETDOWN'],
]);

/** Of a connection, not of a file: a socket's file that is missing is ENOENT too, but of `connect`. */
const isOfNetwork = ({ code, syscall }: NodeJS.ErrnoException): boolean =>
  code !== undefined && (networkCodes.has(code) || syscall === 'connect');

/** The driver's error in an error; null = there is none, or the driver gave it no code. */
export function postgresErrorIn(error: unknown): PostgresError | null {
  for (let current = error; current instanceof Error; current = current.cause) {
    const { code } = current as { code?: unknown };
    if (typeof code === 'string' && (sqlState.test(code) || isOfNetwork(current)))
      return current as unknown as PostgresError;
  }
  return null;
}

/**
 * The driver gives these no code. The last is what a statement gets on a connection that broke before it, so also the
 * rollback of a transaction that was broken, whose error hides the first one.
 */
const lostMessages =
  /^(Connection terminated|Connection ended|timeout exceeded when trying to connect|Client .* is not queryable$)/;
/**
 * A connection's failures, a server that stops or starts, one with no room for a connection. A query's end (57014) is
 * none.
 */
const lostStates = /^(08...|57P..|53300)$/;

/** A connection that broke, or could not be had. */
export function isConnectionLost(error: unknown): boolean {
  const found = postgresErrorIn(error);
  if (found !== null) return lostStates.test(found.code) || !sqlState.test(found.code);
  for (let current = error; current instanceof Error; current = current.cause) {
    if (lostMessages.test(current.message)) return true;
  }
  return false;
}

/** A deadlock, a serialisation failure: nothing was written, and the same passes when it is tried again. */
export const isCrossed = (error: unknown): boolean => /^40/.test(postgresErrorIn(error)?.code ?? '');
