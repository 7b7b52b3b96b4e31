/** Tells errors of the database from others. Drizzle wraps the driver's error in a `cause`. */
import { isForeign } from '../errors.ts';

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
    if (isForeign(current)) return null;
    if (typeof code === 'string' && (sqlState.test(code) || isOfNetwork(current)))
      return current as unknown as PostgresError;
  }
  return null;
}

/**
 * The driver gives these no code. `is not queryable` is what a statement gets on a connection that broke before it, so
 * also the rollback of a transaction that was broken, whose error hides the first one. The pool is ended only when the
 * process stops.
 */
const lostMessages =
  /^(Connection terminated|Connection ended|Query read timeout$|timeout expired$|timeout exceeded when trying to connect|Client .* is not queryable$|Cannot use a pool after calling end)/;

/**
 * What keeps a database from doing now what it could do at another time. `lost`: the connection broke, or none could be
 * had. `crossed`: another transaction was in the way, nothing was written. `ended`: the statement took too long, or
 * somebody cancelled it. `read-only`: it takes no writes, as during a failover. `full`: no disk space or memory.
 * `broken`: its files or its machine fail.
 */
export type Trouble = 'lost' | 'crossed' | 'ended' | 'read-only' | 'full' | 'broken';

/** By SQLSTATE (PostgreSQL manual, appendix A); the first that fits. */
const troubles: readonly (readonly [RegExp, Trouble])[] = [
  // Connections, a server that stops or starts, one with no room for a connection, one that ends idle transactions or
  // does not let this user in any more.
  [/^(08|57P|53300|25P03|25P04|28|3D)/, 'lost'],
  [/^(40|55P03)/, 'crossed'],
  [/^57/, 'ended'],
  [/^25006/, 'read-only'],
  [/^53/, 'full'],
  [/^(58|XX001|XX002)/, 'broken'],
];

/** The trouble that an error tells of; null = it is none of the database's, or the statement itself was wrong. */
export function troubleOf(error: unknown): Trouble | null {
  const found = postgresErrorIn(error);
  if (found !== null) {
    if (!sqlState.test(found.code)) return 'lost';
    return troubles.find(([states]) => states.test(found.code))?.[1] ?? null;
  }
  for (let current = error; current instanceof Error; current = current.cause) {
    if (lostMessages.test(current.message)) return 'lost';
  }
  return null;
}
