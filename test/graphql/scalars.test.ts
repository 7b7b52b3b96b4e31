/** Numbers beyond 32 bits are never rounded, moments never guessed. */
import { parseValue } from 'graphql';
import { describe, expect, it } from 'vitest';
import { dateTime, int64, json } from '../../src/graphql/scalars.ts';

describe('Int64', () => {
  it.each([0, -1, 2 ** 31, 2 ** 53 - 1, -(2 ** 53 - 1)])('carries %d both ways', (value) => {
    expect(int64.serialize(value)).toBe(value);
    expect(int64.parseValue(value)).toBe(value);
    expect(int64.parseValue(String(value))).toBe(value);
    expect(int64.parseLiteral(parseValue(String(value)), null)).toBe(value);
  });

  it.each([2 ** 53, 1.5, Number.NaN, '9007199254740993', '1e3', '', 'x', true, null, {}])('refuses %j', (value) => {
    expect(() => int64.parseValue(value)).toThrow('Int64 cannot represent');
  });

  it('takes a bigint from the driver and refuses other literals', () => {
    expect(int64.serialize(12n)).toBe(12);
    expect(() => int64.parseLiteral(parseValue('1.5'), null)).toThrow();
  });
});

describe('DateTime', () => {
  it('is an ISO instant', () => {
    const moment = new Date('2026-01-31T12:00:00.123Z');
    expect(dateTime.serialize(moment)).toBe('2026-01-31T12:00:00.123Z');
    expect(dateTime.parseValue('2026-01-31T13:00:00.123+01:00')).toEqual(moment);
  });

  it.each(['2026', '31.1.2026', 17, '2026-99-99T00:00:00Z', '2026-01-31T00:00:60Z'])('refuses %j', (value) => {
    expect(() => dateTime.parseValue(value)).toThrow('DateTime cannot represent');
  });

  it.each([
    ['that depends on where the server runs', '2026-01-31T12:00:00'],
    ['that does not exist', '2026-02-31T00:00:00Z'],
    ['before the year 1, which no database keeps', '0000-12-31T23:59:59Z'],
    ['behind the year 9999, which is written in another way', '9999-12-31T23:59:59-14:00'],
  ])('refuses a moment %s', (_what, value) => {
    expect(() => dateTime.parseValue(value)).toThrow('DateTime cannot represent');
  });

  it.each(['2024-02-29T00:00Z', '0001-01-01T00:00:00Z', '9999-12-31T23:59:59.999z'])('takes %s', (value) => {
    expect(dateTime.parseValue(value)).toEqual(new Date(value));
  });
});

describe('JSON', () => {
  it('reads literals with variables inside', () => {
    const node = parseValue('{a: [1, 2.5, "x", true, null, E], b: {c: $v}}');
    expect(json.parseLiteral(node, { v: 7 })).toEqual({ a: [1, 2.5, 'x', true, null, 'E'], b: { c: 7 } });
  });
});
