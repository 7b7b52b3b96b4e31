/** `filter` as SQL. Fields of one object are joined by and; `and`, `or` and `not` take objects of the same type. */
import { type SQL, sql } from 'drizzle-orm';
import { badInput, invariant } from '../../../errors.ts';
import { type FilterField, filterFieldsOf } from './filter-fields.ts';
import type { Filter, List } from './types.ts';

const deepest = 8;
const mostObjects = 100;
const longestList = 1_000;

const known = new WeakMap<List, Readonly<Record<string, FilterField>>>();

function fieldsOf(list: List): Readonly<Record<string, FilterField>> {
  const fields = known.get(list) ?? filterFieldsOf(list);
  known.set(list, fields);
  return fields;
}

/** Undefined where nothing restricts. */
export function filterSql(list: List, filter: Filter | null | undefined, field = 'filter'): SQL | undefined {
  if (!filter) return undefined;
  let objects = 0;
  const conditionOf = (part: Filter, path: string, depth: number): SQL => {
    if (depth > deepest || ++objects > mostObjects) throw tooLarge(field);
    const parts = Object.entries(part).flatMap(([name, value]) => {
      if (value === null || value === undefined) return [];
      const here = `${path}.${name}`;
      if (name === 'not') return [sql`(${conditionOf(value as Filter, here, depth + 1)}) is not true`];
      if (name !== 'and' && name !== 'or') return [fieldSql(list, name, value, here)];
      const inner = (value as readonly Filter[]).map((one, i) => conditionOf(one, `${here}.${i}`, depth + 1));
      return [name === 'and' ? all(inner) : any(inner)];
    });
    return all(parts);
  };
  return conditionOf(filter, field, 1);
}

function fieldSql(list: List, name: string, value: unknown, path: string): SQL {
  const field = fieldsOf(list)[name];
  invariant(field, `no field ${name} in the filter of ${list.name}`);
  const values = Array.isArray(value) ? value : (value as { in?: unknown }).in;
  if (Array.isArray(values) && values.length > longestList) throw tooLong(path, values.length);
  return field.where(value as never);
}

const all = (parts: readonly SQL[]): SQL =>
  parts.length === 0 ? sql`true` : sql`(${sql.join([...parts], sql` and `)})`;
const any = (parts: readonly SQL[]): SQL =>
  parts.length === 0 ? sql`false` : sql`(${sql.join([...parts], sql` or `)})`;

const tooLarge = (field: string) =>
  badInput(`${field} has too many objects in it`, {
    field,
    expected: `at most ${mostObjects} objects, nested ${deepest} deep`,
    remedy: 'Join conditions in one object, name several values with an In field, or send several requests.',
  });

const tooLong = (field: string, length: number) =>
  badInput(`${field} names ${length} values`, {
    field,
    expected: `at most ${longestList} values`,
    remedy: 'Send several requests.',
  });
