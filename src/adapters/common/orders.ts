/** From a frontend's "sort by this field" to the order input of a noun. */
import { refused } from './resource.ts';
import type { Resource } from './types.ts';

export type Direction = 'ASC' | 'DESC';

/** One entry of `orderBy`. */
export interface Order {
  readonly field: string;
  readonly direction: Direction;
  /** Which figure, where the field is EVALUATION. */
  readonly evaluation?: unknown;
}

/** `createdAt`, `created_at`, `CREATED_AT` and `model.name` become CREATED_AT and MODEL. */
const enumName = (field: string): string =>
  field
    .replace(/\..*$/, '')
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toUpperCase();

/**
 * The order by one field; null for `id`, which ends every order anyway. `evaluation` says which figure where the field
 * is `evaluation`. Throws {@link refused} where the noun has no such order, and names those that it has.
 */
export function orderOf(resource: Resource, field: string, direction: Direction, evaluation?: unknown): Order | null {
  if (field === 'id') return null;
  const name = enumName(field);
  if (!resource.orders.includes(name)) {
    throw refused(`${resource.list} cannot be sorted by "${field}"`, {
      field: `sort.${field}`,
      expected: `one of ${resource.orders.join(', ') || 'no field'}`,
      remedy: 'Sort by another field; take the sorting off the column that cannot be sorted by.',
    });
  }
  return { field: name, direction, ...(name === 'EVALUATION' ? { evaluation } : {}) };
}
