/** Operations that are too large are refused before they run. */
import {
  buildSchema,
  type GraphQLError,
  type GraphQLSchema,
  getIntrospectionQuery,
  parse,
  specifiedRules,
  validate,
} from 'graphql';
import { describe, expect, it } from 'vitest';
import { defaultLimits, type Limits } from '../../src/config.ts';
import { limitRules, parseWithin, refusalsOf } from '../../src/graphql/limits/limits.ts';
import { schema } from '../../src/graphql/schema.ts';

const small = buildSchema('type Query { self: Query! x: Int }');
const limits = { ...defaultLimits, queryDepth: 4, queryAliases: 3, queryTokens: 50 };

/** What the server refuses an operation for: when validating it, else before running it. */
function refused(on: GraphQLSchema, query: string, within: Limits): readonly GraphQLError[] {
  const document = parse(query);
  const invalid = validate(on, document, [...specifiedRules, ...limitRules(within)]);
  return invalid.length > 0 ? invalid : refusalsOf({ schema: on, document }, within);
}

const errorsOf = (query: string) => refused(small, query, limits);
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
    const document = parse(query);
    const [error] = validate(small, document, limitRules(limits));
    expect(error?.extensions['code']).toBe('LIMIT_EXCEEDED');
    expect(refusalsOf({ schema: small, document }, limits)[0]?.extensions['code']).toBe('LIMIT_EXCEEDED');
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
    const errors = refused(schema, query, defaultLimits);
    expect(errors.map(({ message }) => message)).toEqual(['Maximum introspection depth exceeded']);
  });

  it('lets the introspection of tools through', () => {
    const query = getIntrospectionQuery({ inputValueDeprecation: true, schemaDescription: true, oneOf: true });
    expect(() => parseWithin(defaultLimits)(query)).not.toThrow();
    expect(refused(schema, query, defaultLimits)).toEqual([]);
  });
});
