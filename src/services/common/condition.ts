/** Conditions of `filter`. */
import { type Column, eq, type SQL } from 'drizzle-orm';

/** Absent or null does not restrict; an empty string does, and matches what is empty. */
export const isEqual = (column: Column, value: unknown): SQL | undefined =>
  value === undefined || value === null ? undefined : eq(column, value);
