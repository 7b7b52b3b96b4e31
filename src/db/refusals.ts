/** What a refusal of the database means to a caller: its SQLSTATE (PostgreSQL manual, appendix A) as a TandemError. */

import { badInput, conflict, type TandemError, unavailable } from '../errors.ts';
import { isConnectionLost, isCrossed, postgresErrorIn } from './errors.ts';

/** No disk, no memory. */
const exhausted = ['53100', '53200'];

/** A TandemError for violated constraints and an unreachable database; null for anything else, which is a defect. */
export function databaseError(error: unknown): TandemError | null {
  const found = postgresErrorIn(error);
  if (isConnectionLost(error)) return unreachable(found?.code ?? 'connection lost');
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
  if (isCrossed(error)) {
    return unavailable(`Another request was in the way (${code}); nothing was written`, {
      reason: 'transaction-conflict',
      field: 'database',
      expected: 'requests that do not change the same things at once',
      remedy: 'Send the request again.',
    });
  }
  if (exhausted.includes(code)) {
    return unavailable(`The database has no ${code === '53100' ? 'disk space' : 'memory'} left`, {
      reason: 'database-full',
      field: 'database',
      expected: 'a database with room to work',
      remedy: 'Free some, then repeat the request.',
    });
  }
  return null;
}

const unreachable = (why: string) =>
  unavailable(`The database cannot be reached (${why})`, {
    reason: 'database-unreachable',
    field: 'database',
    expected: 'a running database',
    remedy: 'Start it again; the request can be repeated.',
  });
