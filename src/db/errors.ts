/** Tells errors of the database from others. Drizzle wraps the driver's error in a `cause`. */

export interface PostgresError {
  /** SQLSTATE (PostgreSQL manual, appendix A), or the system's name of a connection's error. */
  readonly code: string;
  readonly constraint?: string;
  readonly detail?: string;
}

/** The driver's error in an error; null = there is none, or the driver gave it no code. */
export function postgresErrorIn(error: unknown): PostgresError | null {
  for (let current = error; current instanceof Error; current = current.cause) {
    const { code } = current as { code?: unknown };
    if (typeof code === 'string' && /^[0-9A-Z]{5}$|^E[A-Z_]+$/.test(code)) return current as unknown as PostgresError;
  }
  return null;
}

/** The driver gives these no code. */
const lostMessages = /^(Connection terminated|Connection ended|timeout exceeded when trying to connect)/;

/** A connection that broke, or could not be had. */
export function isConnectionLost(error: unknown): boolean {
  for (let current = error; current instanceof Error; current = current.cause) {
    if (lostMessages.test(current.message)) return true;
  }
  return false;
}
