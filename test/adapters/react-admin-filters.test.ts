/** The filter object of a React-admin list becomes a filter of the API. */
import { describe, expect, it } from 'vitest';
import { orderOf } from '../../src/adapters/common/orders.ts';
import { filterOf } from '../../src/adapters/react-admin/filters.ts';
import { noun } from './noun.ts';

describe('a filter of React-admin', () => {
  it.each([
    [{}, undefined],
    [undefined, undefined],
    [{ q: 'pump' }, { q: 'pump' }],
    [{ name: 'a' }, { name: 'a' }],
    [{ nameContains: 'a' }, { nameContains: 'a' }],
    [{ name: undefined, state: null }, undefined],
    [{ state: ['RUNNING', 'QUEUED'] }, { stateIn: ['RUNNING', 'QUEUED'] }],
    [{ id: ['x', 'y'] }, { ids: ['x', 'y'] }],
    [{ ids: ['x'] }, { ids: ['x'] }],
    [{ model: { id: 'x' } }, { model: 'x' }],
    [{ 'model.id': 'x' }, { model: 'x' }],
    [{ step: 3 }, { step: { eq: 3 } }],
    [{ step: { gte: 3, lt: 9 } }, { step: { gte: 3, lt: 9 } }],
    [{ step: [3, 4] }, { step: { in: [3, 4] } }],
    [{ step_gte: 3 }, { step: { gte: 3 } }],
    [{ state_neq: 'FAILED' }, { not: { state: 'FAILED' } }],
    [{ state_neq: ['FAILED'] }, { not: { stateIn: ['FAILED'] } }],
    [{ domain_null: false }, { domainIsNull: false }],
    [{ domainIsNull: true }, { domainIsNull: true }],
    [{ tags: 'x' }, { tags: ['x'] }],
    [{ tags: ['x', 'y'] }, { tags: ['x', 'y'] }],
    [{ tagsAny: ['x'] }, { tagsAny: ['x'] }],
    [{ or: [{ name: 'a' }, { step: { lt: 1 } }] }, { or: [{ name: 'a' }, { step: { lt: 1 } }] }],
    [{ best: true, q: 'a' }, { and: [{ best: true }, { q: 'a' }] }],
  ])('%j', (values, filter) => {
    expect(filterOf(noun, values)).toEqual(filter);
  });

  it('is refused for what the noun cannot be filtered by', () => {
    expect(() => filterOf(noun, { size: 1 })).toThrow('things cannot be filtered by "size" with "eq"');
    expect(() => filterOf(noun, { state_contains: 'R' })).toThrow('"state" with "contains"');
    expect(() => filterOf(noun, { size_constructor: 1 })).toThrow('"size_constructor"');
  });
});

describe('an order', () => {
  it('is the value of the enum for a field', () => {
    expect(orderOf(noun, 'createdAt', 'DESC')).toEqual({ field: 'CREATED_AT', direction: 'DESC' });
    expect(orderOf(noun, 'model.name', 'ASC')).toEqual({ field: 'MODEL', direction: 'ASC' });
    expect(orderOf(noun, 'id', 'ASC')).toBeNull();
    const evaluation = { dataset: 'x', metric: 'ndcg@10' };
    expect(orderOf(noun, 'evaluation', 'DESC', evaluation)).toEqual({
      field: 'EVALUATION',
      direction: 'DESC',
      evaluation,
    });
  });

  it('is refused for a field without one, with those that have one', () => {
    expect(() => orderOf(noun, 'size', 'ASC')).toThrow(
      expect.objectContaining({
        message: 'things cannot be sorted by "size"',
        extensions: expect.objectContaining({ expected: 'one of CREATED_AT, NAME, MODEL, EVALUATION' }),
      }),
    );
  });
});
