/** From Refine's filters to the filter input of a noun. */
import { type Comparison, condition, every, type Filter, not, some } from '../common/filters.ts';
import { refused } from '../common/resource.ts';
import type { Resource } from '../common/types.ts';
import type { CrudFilter, LogicalFilter } from './types.ts';

/** What an operator means here, and whether it means the opposite. */
type Meaning = readonly [by: Comparison, negated: boolean] | readonly ['null', negated: false, value: boolean];

/** Refine's operators for one field. */
type Operator = LogicalFilter['operator'];

/** Every operator of Refine; null where the API has nothing like it. Texts are equal to the letter, case included. */
export const meanings: Readonly<Record<Operator, Meaning | null>> = {
  eq: ['eq', false],
  ne: ['eq', true],
  eqs: ['eq', false],
  nes: ['eq', true],
  lt: ['lt', false],
  gt: ['gt', false],
  lte: ['lte', false],
  gte: ['gte', false],
  in: ['in', false],
  nin: ['in', true],
  ina: ['all', false],
  nina: ['all', true],
  contains: ['contains', false],
  ncontains: ['contains', true],
  containss: null,
  ncontainss: null,
  between: ['between', false],
  nbetween: ['between', true],
  null: ['null', false, true],
  nnull: ['null', false, false],
  startswith: null,
  nstartswith: null,
  startswiths: null,
  nstartswiths: null,
  endswith: null,
  nendswith: null,
  endswiths: null,
  nendswiths: null,
};

/**
 * All of Refine's filters at once; undefined where there are none. Throws {@link ApiError} for an operator, or for a
 * field, that the noun cannot be filtered by, and names it.
 */
export const filterOf = (resource: Resource, filters: readonly CrudFilter[] = []): Filter | undefined =>
  every(filters.map((filter) => toFilter(resource, filter)));

function toFilter(resource: Resource, filter: CrudFilter): Filter {
  if (filter.operator === 'and') return { and: filter.value.map((each) => toFilter(resource, each)) };
  if (filter.operator === 'or') return some(filter.value.map((each) => toFilter(resource, each)));
  const { field, operator, value } = filter as LogicalFilter;
  const meaning = Object.hasOwn(meanings, operator) ? meanings[operator] : null;
  if (!meaning) throw unknownOperator(operator);
  const [by, negated, fixed] = meaning;
  const plain = condition(resource, field, by, fixed ?? value);
  return negated ? not(plain) : plain;
}

const unknownOperator = (operator: string) =>
  refused(`Lists cannot be filtered by the operator "${operator}"`, {
    field: 'filters.operator',
    expected: `one of ${Object.entries(meanings)
      .flatMap(([name, meaning]) => (meaning ? [name] : []))
      .join(', ')}, and, or`,
    remedy: 'Use "contains", which finds a part of a text in any case.',
  });
