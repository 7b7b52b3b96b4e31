/** A filter with keys in place of global ids. */
import { type FilterField, filterFieldsOf } from '../../services/common/listing/filter-fields.ts';
import type { Filter, List } from '../../services/common/listing/types.ts';
import { keyOf } from '../ids.ts';

/** Throws BAD_USER_INPUT, with the path, for an id that is malformed or of another type. */
export function withKeys(list: List, filter: Filter, field: string): Filter {
  const fields = filterFieldsOf(list);
  const walk = (part: Filter, path: string): Filter =>
    Object.fromEntries(
      Object.entries(part).map(([name, value]) => {
        const here = `${path}.${name}`;
        if (value === null || value === undefined) return [name, value];
        if (name === 'not') return [name, walk(value as Filter, here)];
        if (name === 'and' || name === 'or') {
          return [name, (value as readonly Filter[]).map((inner, i) => walk(inner, `${here}.${i}`))];
        }
        return [name, keysOf(fields[name], value, here)];
      }),
    );
  return walk(filter, field);
}

function keysOf(field: FilterField | undefined, value: unknown, path: string): unknown {
  if (field?.takes.of !== 'id') return value;
  const { to } = field.takes;
  if (!Array.isArray(value)) return keyOf(value as string, to, path).key;
  return value.map((id: string, i) => keyOf(id, to, `${path}.${i}`).key);
}
