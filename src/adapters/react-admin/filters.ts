/** From the filter object of a React-admin list to the filter input of a noun. */
import { type Comparison, condition, every, type Filter, not, within } from '../common/filters.ts';
import type { Resource } from '../common/types.ts';

type Values = Readonly<Record<string, unknown>>;

/** Operators as React-admin's community writes them behind a field's name: `step_gte`. */
const suffixes: Readonly<Record<string, Comparison>> = {
  ...{ eq: 'eq', in: 'in', gt: 'gt', gte: 'gte', lt: 'lt', lte: 'lte' },
  ...{ contains: 'contains', all: 'all', between: 'between', null: 'null' },
};

/**
 * All conditions of the object at once. A key is a field of the noun's filter (`state`, `nameContains`, `createdAt`), a
 * field with an operator (`step_gte`, `state_neq`), `id`, `q`, or `and`, `or` and `not` as the API has them. A list as
 * a value means one of its items. Throws {@link ApiError} for a key that the noun cannot be filtered by.
 */
export const filterOf = (resource: Resource, values: Values | undefined): Filter | undefined =>
  every(
    Object.entries(values ?? {})
      .filter(([, value]) => value !== undefined && value !== null)
      .map(([key, value]) => entryFilter(resource, key, value)),
  );

function entryFilter(resource: Resource, key: string, value: unknown): Filter {
  if (['and', 'or', 'not'].includes(key)) return { [key]: value };
  const [, field = key, suffix] = /^(.+)_([a-z]+)$/.exec(key) ?? [];
  if (suffix === 'neq') return not(condition(resource, field, Array.isArray(value) ? 'in' : 'eq', value));
  if (suffix !== undefined && Object.hasOwn(suffixes, suffix)) {
    return condition(resource, field, suffixes[suffix] as Comparison, value);
  }
  return plainFilter(resource, key, value);
}

function plainFilter(resource: Resource, key: string, value: unknown): Filter {
  const type = resource.filter[key];
  const inner = isObject(value) ? value : null;
  // A source `model.id` of an input gives { model: { id } }, and `step.gte` a range as the API has it.
  if (inner && 'id' in inner) return plainFilter(resource, key, inner['id']);
  if (type?.endsWith('Range') && inner) return within(resource, key, inner);
  if (type?.startsWith('[')) return { [key]: Array.isArray(value) ? value : [value] };
  if (type !== undefined && !type.endsWith('Range') && !Array.isArray(value)) return { [key]: value };
  return condition(resource, key, Array.isArray(value) ? 'in' : 'eq', value);
}

const isObject = (value: unknown): value is Values =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
