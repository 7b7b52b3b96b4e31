/** What a refusal of the database means to a caller: its SQLSTATE (PostgreSQL manual, appendix A) as a TandemError. */

import { diskError } from '../disk-full.ts';
import { badInput, conflict, type ErrorDetails, type TandemError, unavailable } from '../errors.ts';
import { postgresErrorIn, type Trouble, troubleOf } from './errors.ts';

/** A TandemError for what may befall any work: a full disk, or what {@link databaseError} knows; null = a defect. */
export const foreseenFailure = (error: unknown): TandemError | null => diskError(error) ?? databaseError(error);

/** A TandemError for violated constraints and a database in trouble; null for anything else, which is a defect. */
export function databaseError(error: unknown): TandemError | null {
  const found = postgresErrorIn(error);
  const trouble = troubleOf(error);
  if (trouble !== null) return inTrouble(trouble, found?.code ?? 'connection lost');
  if (found === null) return null;
  const { code, constraint = 'a rule of the database' } = found;
  if (code === '23505') {
    return conflict(`This is taken already (${constraint})`, {
      reason: 'duplicate',
      field: constraint,
      expected: 'a value that nothing else has',
      remedy: 'Someone did the same a moment ago: ask for what there is, or choose another value.',
    });
  }
  if (code === '23503') {
    return conflict(`Something else refers to this, or what this refers to is gone (${constraint})`, {
      reason: 'still-referenced',
      field: constraint,
      expected: 'rows that nothing else refers to, and that refer to rows which are there',
      remedy: 'Delete what uses it first, or ask again: it may have been deleted meanwhile.',
    });
  }
  if (code === '23514') {
    return badInput(`The database refuses the value (${constraint})`, {
      field: constraint,
      expected: 'a value within its range',
      remedy: 'Correct the input.',
    });
  }
  if (code === '22021' || code === '22P05') {
    return badInput('The input has a character that the database cannot store', {
      expected: 'Unicode text without U+0000',
      remedy: 'Remove the character.',
    });
  }
  return null;
}

const refusals: Readonly<
  Record<Trouble, Pick<ErrorDetails, 'reason' | 'expected' | 'remedy'> & { message(code: string): string }>
> = {
  lost: {
    reason: 'database-unreachable',
    message: (code) => `The database cannot be reached (${code})`,
    expected: 'a running database',
    remedy: 'Start it again; the request can be repeated.',
  },
  crossed: {
    reason: 'transaction-conflict',
    message: (code) => `Another request was in the way (${code}); nothing was written`,
    expected: 'requests that do not change the same things at once',
    remedy: 'Send the request again.',
  },
  ended: {
    reason: 'statement-ended',
    message: (code) => `The database ended a statement before it was done (${code})`,
    expected: "statements that end within the database's statement_timeout, and that nobody cancels",
    remedy: 'Send the request again; if it stays so, raise statement_timeout, or ask for less at once.',
  },
  'read-only': {
    reason: 'database-read-only',
    message: (code) => `The database takes no writes now (${code})`,
    expected: 'a database that is no standby, with default_transaction_read_only off',
    remedy: 'Wait for the end of a failover, or name the primary by DATABASE_URL; then send the request again.',
  },
  full: {
    reason: 'database-full',
    message: (code) => `The database has no ${code === '53100' ? 'disk space' : 'memory'} left`,
    expected: 'a database with room to work',
    remedy: 'Free some, then repeat the request.',
  },
  broken: {
    reason: 'database-broken',
    message: (code) => `The database failed (${code})`,
    expected: 'a database whose files and machine work',
    remedy: 'Look into its log, and repeat the request when it works again.',
  },
};

function inTrouble(trouble: Trouble, code: string): TandemError {
  const { message, ...details } = refusals[trouble];
  return unavailable(message(code), { field: 'database', ...details });
}

/** The refusal of a database that answers, but takes no writes. */
export const readOnly = (): TandemError => inTrouble('read-only', '25006');
