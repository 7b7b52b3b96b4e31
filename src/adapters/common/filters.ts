/** From a condition in a frontend's words, "field operator value", to the filter input of a noun. */

import { rangeOfDays } from './days.ts';
import { refused } from './resource.ts';
import type { Resource } from './types.ts';

/** A filter input of the API, as variables carry it. */
export type Filter = Readonly<Record<string, unknown>>;

/** What a condition may compare by, whichever words a frontend has for it. */
const comparisons = ['eq', 'in', 'gt', 'gte', 'lt', 'lte', 'contains', 'all', 'between', 'null'] as const;

export type Comparison = (typeof comparisons)[number];

/** What holds where one condition does, or where all or any of several do. */
export const every = (filters: readonly Filter[]): Filter | undefined =>
  filters.length > 1 ? { and: filters } : filters[0];
export const some = (filters: readonly Filter[]): Filter => ({ or: filters });
export const not = (filter: Filter): Filter => ({ not: filter });

/**
 * The filter for one condition. `field` is a field of the noun, or one of its reference (`model.id` means `model`), or
 * `id` or `q`. Throws {@link refused} where the noun's filter has no such condition, and names those that it has.
 */
export function condition(resource: Resource, field: string, by: Comparison, value: unknown): Filter {
  const name = field.replace(/\.id$/, '');
  const found =
    name === 'id' ? ofId(by, value) : name === 'q' ? ofText(resource, by, value) : ofField(resource, name, by, value);
  if (found) return found;
  throw refused(`${resource.list} cannot be filtered by "${field}" with "${by}"`, {
    field: `filter.${field}`,
    expected: conditionsOf(resource, name) || `one of the fields ${Object.keys(resource.filter).join(', ')}`,
    remedy: 'Filter by another field or operator, or pass the filter of the API in meta.filter.',
  });
}

/** The operators of a field in words; empty where the filter has no such field. */
function conditionsOf(resource: Resource, name: string): string {
  const known = comparisons.filter((by) => ofField(resource, name, by, [0, 1]) !== undefined);
  return known.length === 0 ? '' : `${name} with one of ${known.join(', ')}`;
}

function ofId(by: Comparison, value: unknown): Filter | undefined {
  if (by === 'eq') return { ids: [value] };
  return by === 'in' ? { ids: value } : undefined;
}

function ofText({ filter }: Resource, by: Comparison, value: unknown): Filter | undefined {
  return 'q' in filter && (by === 'eq' || by === 'contains') ? { q: value } : undefined;
}

function ofField(resource: Resource, name: string, by: Comparison, value: unknown): Filter | undefined {
  const { filter } = resource;
  const type = filter[name];
  if (type?.endsWith('Range')) {
    const range = rangeOf(by, value);
    return range && within(resource, name, range);
  }
  if (type?.startsWith('[')) return ofList(filter, name, by, value);
  const suffixed: Partial<Record<Comparison, string>> = {
    eq: name,
    in: `${name}In`,
    contains: `${name}Contains`,
    null: `${name}IsNull`,
  };
  const key = suffixed[by];
  return key !== undefined && key in filter ? { [key]: value } : undefined;
}

/** A condition on a number or a date. */
function rangeOf(by: Comparison, value: unknown): Filter | undefined {
  if (by === 'between') {
    const [gte, lte] = value as readonly unknown[];
    return { gte, lte };
  }
  if (by === 'null') return { isNull: value };
  return by === 'contains' || by === 'all' ? undefined : { [by]: value };
}

/** A condition on a list of texts, such as tags. */
function ofList(filter: Resource['filter'], name: string, by: Comparison, value: unknown): Filter | undefined {
  if (by === 'all') return { [name]: value };
  if (by === 'eq' || by === 'contains') return { [name]: Array.isArray(value) ? value : [value] };
  return by === 'in' && `${name}Any` in filter ? { [`${name}Any`]: value } : undefined;
}

/** The filter for a range, as the API has it, in a field; days are taken for dates. */
export const within = ({ filter }: Resource, name: string, range: Filter): Filter =>
  filter[name] === 'DateTimeRange' ? rangeOfDays(name, range) : { [name]: range };
