/** Every operator of Refine becomes a filter of the API, or is refused by its name. */
import { describe, expect, it } from 'vitest';
import { filterOf, meanings } from '../../src/adapters/refine/filters.ts';
import type { LogicalFilter } from '../../src/adapters/refine/types.ts';
import { ApiError } from '../../src/client/index.ts';
import { noun } from './noun.ts';

type Operator = LogicalFilter['operator'];

const one = (field: string, operator: Operator, value: unknown) => filterOf(noun, [{ field, operator, value }]);

function refusal(field: string, operator: string, value: unknown): ApiError {
  try {
    one(field, operator as Operator, value);
  } catch (error) {
    if (error instanceof ApiError) return error;
  }
  throw new Error(`${field} ${operator} was not refused`);
}

const cases: readonly [field: string, operator: Operator, value: unknown, filter: unknown][] = [
  ['name', 'eq', 'a', { name: 'a' }],
  ['name', 'eq', '', { name: '' }],
  ['name', 'eqs', 'a', { name: 'a' }],
  ['name', 'ne', 'a', { not: { name: 'a' } }],
  ['name', 'nes', 'a', { not: { name: 'a' } }],
  ['name', 'in', ['a', 'b'], { nameIn: ['a', 'b'] }],
  ['name', 'nin', ['a'], { not: { nameIn: ['a'] } }],
  ['name', 'contains', '50%', { nameContains: '50%' }],
  ['name', 'ncontains', 'a', { not: { nameContains: 'a' } }],
  ['domain', 'null', undefined, { domainIsNull: true }],
  ['domain', 'nnull', undefined, { domainIsNull: false }],
  ['state', 'eq', 'RUNNING', { state: 'RUNNING' }],
  ['state', 'in', ['RUNNING'], { stateIn: ['RUNNING'] }],
  ['model.id', 'eq', 'x', { model: 'x' }],
  ['model', 'nin', ['x'], { not: { modelIn: ['x'] } }],
  ['best', 'eq', true, { best: true }],
  ['step', 'eq', 3, { step: { eq: 3 } }],
  ['step', 'ne', 3, { not: { step: { eq: 3 } } }],
  ['step', 'gt', 3, { step: { gt: 3 } }],
  ['step', 'gte', 3, { step: { gte: 3 } }],
  ['loss', 'lt', 0.5, { loss: { lt: 0.5 } }],
  ['loss', 'lte', 0.5, { loss: { lte: 0.5 } }],
  ['loss', 'in', [1, 2], { loss: { in: [1, 2] } }],
  ['loss', 'null', undefined, { loss: { isNull: true } }],
  ['createdAt', 'between', ['x', 'y'], { createdAt: { gte: 'x', lte: 'y' } }],
  ['createdAt', 'nbetween', ['a', 'b'], { not: { createdAt: { gte: 'a', lte: 'b' } } }],
  ['tags', 'ina', ['x', 'y'], { tags: ['x', 'y'] }],
  ['tags', 'nina', ['x'], { not: { tags: ['x'] } }],
  ['tags', 'in', ['x', 'y'], { tagsAny: ['x', 'y'] }],
  ['tags', 'contains', 'x', { tags: ['x'] }],
  ['id', 'in', ['x'], { ids: ['x'] }],
  ['id', 'eq', 'x', { ids: ['x'] }],
  ['q', 'contains', 'a', { q: 'a' }],
];

describe('a filter of Refine', () => {
  it.each(cases)('%s %s %j', (field, operator, value, filter) => {
    expect(one(field, operator, value)).toEqual(filter);
  });

  it('is tried for every operator that is mapped', () => {
    const mapped = Object.entries(meanings).flatMap(([name, meaning]) => (meaning ? [name] : []));
    expect(new Set(cases.map(([, operator]) => operator))).toEqual(new Set(mapped));
  });

  it.each(Object.keys(meanings).filter((name) => !meanings[name as Operator]))('is refused by name: %s', (operator) => {
    const { message, extensions } = refusal('name', operator, 'a');
    expect(message).toBe(`Lists cannot be filtered by the operator "${operator}"`);
    expect(extensions).toMatchObject({ code: 'BAD_USER_INPUT', expected: expect.stringContaining('contains') });
  });

  it('is refused where the field has no such condition, with those that it has', () => {
    expect(refusal('state', 'contains', 'R').extensions.expected).toBe('state with one of eq, in');
    expect(refusal('step', 'contains', 1).extensions.expected).toContain('between');
    expect(refusal('size', 'eq', 1)).toMatchObject({
      message: 'things cannot be filtered by "size" with "eq"',
      extensions: { field: 'filter.size', expected: expect.stringContaining('nameContains') },
    });
    expect(refusal('name', 'toString', 1).message).toContain('"toString"');
  });

  it('joins several by and, and groups by their own word', () => {
    const name = { field: 'name', operator: 'eq', value: 'a' } as const;
    const step = { field: 'step', operator: 'gt', value: 1 } as const;
    expect(filterOf(noun, [])).toBeUndefined();
    expect(filterOf(noun, [name, step])).toEqual({ and: [{ name: 'a' }, { step: { gt: 1 } }] });
    expect(filterOf(noun, [{ operator: 'or', value: [name, { operator: 'and', value: [step] }] }])).toEqual({
      or: [{ name: 'a' }, { and: [{ step: { gt: 1 } }] }],
    });
    expect(filterOf(noun, [{ operator: 'or', value: [] }])).toEqual({ or: [] });
  });
});
