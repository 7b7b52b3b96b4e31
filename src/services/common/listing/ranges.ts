/** Ranges of numbers and of times. A time counts to the millisecond, as the API shows it; the table has more digits. */
import { and, type SQL, sql } from 'drizzle-orm';
import type { Expression, Kind } from './types.ts';
import { parameterOf, parametersOf } from './values.ts';

/** Absent and null do not restrict; an empty `in` matches nothing. */
export interface Range {
  readonly eq?: unknown;
  readonly in?: readonly unknown[] | null;
  readonly gt?: unknown;
  readonly gte?: unknown;
  readonly lt?: unknown;
  readonly lte?: unknown;
  readonly isNull?: boolean | null;
}

type Compared = 'gt' | 'gte' | 'lt' | 'lte';
const operators: Readonly<Record<Compared, string>> = { gt: '>', gte: '>=', lt: '<', lte: '<=' };

export function inRange(kind: Kind, column: Expression, range: Range): SQL {
  const exact = kind === 'date' ? sql`date_trunc('milliseconds', ${column})` : column;
  const compared = (Object.keys(operators) as Compared[]).map((name) => {
    const value = range[name];
    return value === undefined || value === null ? undefined : compare(kind, column, name, value);
  });
  const isGiven = (value: unknown): boolean => value !== undefined && value !== null;
  return (
    and(
      isGiven(range.eq) ? sql`${exact} = ${parameterOf(kind, range.eq)}` : undefined,
      range.in ? sql`${exact} = any(${parametersOf(kind, range.in)})` : undefined,
      ...compared,
      isGiven(range.isNull) ? isNullSql(column, range.isNull === true) : undefined,
    ) ?? sql`true`
  );
}

export const isNullSql = (column: Expression, isNull: boolean): SQL =>
  isNull ? sql`${column} is null` : sql`${column} is not null`;

/** Of times the bounds move by a millisecond rather than the column, so that its index serves. */
function compare(kind: Kind, column: Expression, name: Compared, value: unknown): SQL {
  if (kind === 'date' && (name === 'gt' || name === 'lte')) {
    const next = new Date((value as Date).getTime() + 1);
    return sql`${column} ${sql.raw(name === 'gt' ? '>=' : '<')} ${parameterOf(kind, next)}`;
  }
  return sql`${column} ${sql.raw(operators[name])} ${parameterOf(kind, value)}`;
}
