/** Values of columns in statements, and as texts that give the same values again. */
import { type SQL, sql } from 'drizzle-orm';
import { beginsWithDay } from '../../../days.ts';
import type { Expression, Kind } from './types.ts';

const types: Readonly<Record<Kind, string>> = {
  text: 'text',
  enum: 'text',
  tags: 'text[]',
  boolean: 'boolean',
  int: 'integer',
  int64: 'bigint',
  float: 'double precision',
  date: 'timestamptz',
  id: 'uuid',
};

const written = (value: unknown): unknown => (value instanceof Date ? value.toISOString() : value);

/** A value as a parameter of its column's type. */
export const parameterOf = (kind: Kind, value: unknown): SQL =>
  sql`${sql.param(written(value))}::${sql.raw(types[kind])}`;

/** Several of them as one parameter. */
export const parametersOf = (kind: Kind, values: readonly unknown[]): SQL =>
  sql`${sql.param(values.map(written))}::${sql.raw(types[kind])}[]`;

/** The value as text: of a time all of its microseconds, whatever the time zone of the session. */
export const textOf = (kind: Kind, expression: Expression): SQL =>
  kind === 'date'
    ? sql`to_char(${expression} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`
    : sql`(${expression})::text`;

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const double = /^(-?(\d+(\.\d+)?(e[+-]?\d+)?|Infinity)|NaN)$/;
const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;

/** Whether a text is one that textOf writes, so that the database reads it. */
export function isTextOf(kind: Kind, text: string): boolean {
  switch (kind) {
    case 'boolean':
      return text === 'true' || text === 'false';
    case 'int':
      return /^-?\d{1,10}$/.test(text) && Math.abs(Number(text)) < 2 ** 31;
    case 'int64':
      return /^-?\d{1,16}$/.test(text) && Number.isSafeInteger(Number(text));
    case 'float':
      return double.test(text) && (Number.isFinite(Number(text)) || /[NI]/.test(text));
    case 'date':
      return time.test(text) && beginsWithDay(text) && !Number.isNaN(Date.parse(text));
    case 'id':
      return uuid.test(text);
    default:
      return text.isWellFormed() && !text.includes('\0');
  }
}
