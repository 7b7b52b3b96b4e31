/** Operations that are too large are refused before they run. */
import { buildSchema, getIntrospectionQuery, parse, specifiedRules, validate } from 'graphql';
import { describe, expect, it } from 'vitest';
import { defaultLimits } from '../../src/config.ts';
import { limitRule, parseWithin } from '../../src/graphql/limits.ts';
import { schema } from '../../src/graphql/schema.ts';

const small = buildSchema('type Query { self: Query! x: Int }');
const limits = { ...defaultLimits, queryDepth: 4, queryAliases: 3, queryTokens: 50 };
const errorsOf = (query: string) => validate(small, parse(query), [...specifiedRules, limitRule(limits)]);
const codesOf = (query: string) => errorsOf(query).map(({ extensions }) => extensions['code']);

describe('limits on operations', () => {
  it('counts levels', () => {
    expect(codesOf('{ self { self { self { x } } } }')).toEqual([]);
    expect(codesOf('{ self { self { self { self { x } } } } }')).toEqual(['LIMIT_EXCEEDED']);
  });

  it('counts levels through fragments and inline fragments', () => {
    expect(codesOf('{ self { ...A } } fragment A on Query { self { ... { self { x } } } }')).toEqual([]);
    expect(codesOf('{ self { self { ...A } } } fragment A on Query { self { ... { self { x } } } }')).toEqual([
      'LIMIT_EXCEEDED',
    ]);
  });

  it('counts aliases, a fragment as often as it is used', () => {
    expect(codesOf('{ a: x b: x c: x }')).toEqual([]);
    expect(codesOf('{ a: x b: x c: x d: x }')).toEqual(['LIMIT_EXCEEDED']);
    expect(codesOf('{ self { ...A } ...A } fragment A on Query { a: x b: x }')).toEqual(['LIMIT_EXCEEDED']);
  });

  it('measures a bomb of fragments at once', () => {
    const parts = Array.from(
      { length: 30 },
      (_, i) => `fragment F${i} on Query { ...F${i + 1} self { ...F${i + 1} } }`,
    );
    const query = `{ ...F0 } ${parts.join(' ')} fragment F30 on Query { a: x }`;
    const [error] = validate(small, parse(query), [limitRule(limits)]);
    expect(error?.extensions['code']).toBe('LIMIT_EXCEEDED');
  });

  it('ends on a cycle of fragments, which another rule refuses', () => {
    expect(errorsOf('{ ...A } fragment A on Query { self { ...B } } fragment B on Query { ...A }')).toHaveLength(1);
  });

  it('counts tokens while parsing and says so', () => {
    expect(() => parseWithin(limits)(`{ ${'x '.repeat(60)} }`)).toThrow('too many tokens');
    expect(parseWithin(limits)('{ x }').definitions).toHaveLength(1);
    expect(() => parseWithin(limits)('{ x')).toThrow('Syntax Error');
  });

  it('refuses introspection that multiplies', () => {
    const query =
      '{ __schema { types { fields { type { fields { type { fields { type { fields { name } } } } } } } } } }';
    const errors = validate(schema, parse(query), [...specifiedRules, limitRule(defaultLimits)]);
    expect(errors.map(({ message }) => message)).toEqual(['Maximum introspection depth exceeded']);
  });

  it('lets the introspection of tools through', () => {
    const query = getIntrospectionQuery({ inputValueDeprecation: true, schemaDescription: true, oneOf: true });
    const document = parseWithin(defaultLimits)(query);
    expect(validate(schema, document, [...specifiedRules, limitRule(defaultLimits)])).toEqual([]);
  });
});
