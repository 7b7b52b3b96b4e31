/** Plain days of date inputs are whole days of the page's time zone, also where one is longer or begins late. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { filterOf as reactAdminFilter } from '../../src/adapters/react-admin/filters.ts';
import { filterOf as refineFilter } from '../../src/adapters/refine/filters.ts';
import type { LogicalFilter } from '../../src/adapters/refine/types.ts';
import { noun } from './noun.ts';

const refine = (operator: LogicalFilter['operator'], value: unknown) =>
  refineFilter(noun, [{ field: 'createdAt', operator, value }]);
const range = (createdAt: object) => ({ createdAt });

describe('in a time zone ahead of UTC', () => {
  beforeAll(() => void vi.stubEnv('TZ', 'Europe/Berlin'));
  afterAll(() => void vi.unstubAllEnvs());
  const [first, next] = ['2026-11-29T23:00:00.000Z', '2026-11-30T23:00:00.000Z'];

  it.each([
    ['gte', { gte: first }],
    ['gt', { gte: next }],
    ['lt', { lt: first }],
    ['lte', { lt: next }],
    ['eq', { gte: first, lt: next }],
  ] as const)('a day compared by %s', (by, expected) => {
    expect(refine(by, '2026-11-30')).toEqual(range(expected));
    expect(reactAdminFilter(noun, { [`createdAt_${by}`]: '2026-11-30' })).toEqual(range(expected));
    expect(reactAdminFilter(noun, { createdAt: { [by]: '2026-11-30' } })).toEqual(range(expected));
  });

  it('several days', () => {
    const both = { and: [range({ gte: first }), range({ lt: next })] };
    expect(refine('between', ['2026-11-30', '2026-11-30'])).toEqual(both);
    expect(reactAdminFilter(noun, { createdAt: { gte: '2026-11-30', lte: '2026-11-30' } })).toEqual(both);
    const either = { or: [range({ gte: first, lt: next }), range({ eq: first })] };
    expect(refine('in', ['2026-11-30', first])).toEqual(either);
    expect(refine('ne', '2026-11-30')).toEqual({ not: range({ gte: first, lt: next }) });
    expect(reactAdminFilter(noun, { createdAt: '2026-11-30' })).toEqual(range({ gte: first, lt: next }));
  });

  it('a day of 25 hours', () => {
    expect(refine('eq', '2026-10-25')).toEqual(
      range({ gte: '2026-10-24T22:00:00.000Z', lt: '2026-10-25T23:00:00.000Z' }),
    );
  });

  it('what is no day, and what is no date, stays as it is', () => {
    for (const value of [first, '2026-02-31', '2026-13-01', '2026-11', 'soon', 20261130])
      expect(refine('gte', value)).toEqual(range({ gte: value }));
    expect(reactAdminFilter(noun, { step: { gte: '2026-11-30' } })).toEqual({ step: { gte: '2026-11-30' } });
    expect(refine('null', undefined)).toEqual(range({ isNull: true }));
  });
});

describe('in a time zone where a day begins at one', () => {
  beforeAll(() => void vi.stubEnv('TZ', 'Africa/Cairo'));
  afterAll(() => void vi.unstubAllEnvs());

  it('it ends with the midnight behind it', () => {
    expect(refine('eq', '2026-04-24')).toEqual(
      range({ gte: '2026-04-23T22:00:00.000Z', lt: '2026-04-24T21:00:00.000Z' }),
    );
  });
});
