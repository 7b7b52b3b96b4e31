/** Introspection is open to tools, and its answer stays of one size whatever is asked. */
import {
  buildClientSchema,
  getIntrospectionQuery,
  graphqlSync,
  type IntrospectionQuery,
  introspectionFromSchema,
  parse,
  specifiedRules,
  validate,
} from 'graphql';
import { describe, expect, it } from 'vitest';
import { defaultLimits } from '../../src/config.ts';
import { limitRules, parseWithin, refusalsOf } from '../../src/graphql/limits/limits.ts';
import { schema } from '../../src/graphql/schema.ts';

const repeat = (count: number, part: (i: number) => string) =>
  Array.from({ length: count }, (_, i) => part(i)).join(' ');

/** The codes that an operation is refused with once it is valid by the rules of graphql. */
function codesOf(query: string): unknown[] {
  const document = parseWithin(defaultLimits)(query);
  expect(validate(schema, document, specifiedRules)).toEqual([]);
  const errors = [
    ...validate(schema, document, limitRules(defaultLimits)),
    ...refusalsOf({ schema, document }, defaultLimits),
  ];
  for (const { extensions } of errors) expect(extensions).toMatchObject({ remedy: expect.any(String) });
  return errors.map(({ extensions }) => extensions['code']);
}

describe('introspection', () => {
  it.each([
    ['at the root', `{ ${repeat(150, (i) => `a${i}: __schema { types { name fields { name description } } }`)} }`],
    ['inside', `{ __schema { types { ${repeat(190, (i) => `a${i}: description`)} } } }`],
    ['of __type', `{ ${repeat(190, (i) => `a${i}: __type(name: "Run") { fields { description } }`)} }`],
    ['in a fragment', `{ __schema { types { ...A } } } fragment A on __Type { a: description b: description }`],
  ])('is refused with aliases %s', (_where, query) => {
    expect(query.length).toBeLessThan(12_000);
    expect(codesOf(query)).toEqual(['LIMIT_EXCEEDED']);
  });

  it.each([
    ['fields', '{ __schema { types { fields { type { ofType { fields { name } } } } } } }'],
    ['fields of interfaces', '{ __schema { types { interfaces { fields { name } } } } }'],
    ['a fragment', '{ __schema { types { ...A fields { type { ...A } } } } } fragment A on __Type { fields { name } }'],
  ])('is refused where the lists of a type nest: %s', (_what, query) => {
    expect(codesOf(query)).toEqual(['LIMIT_EXCEEDED']);
  });

  it('ends on a cycle of fragments, which another rule refuses', () => {
    const document = parse('{ __schema { types { ...A } } } fragment A on __Type { ofType { ...A } }');
    expect(() => refusalsOf({ schema, document }, defaultLimits)).not.toThrow();
  });

  it('gives less than three usual ones to the widest 12 KB of it that are let through', () => {
    const facts = 'kind name description specifiedByURL isOneOf __typename';
    const values = 'enumValues { name description isDeprecated deprecationReason __typename }';
    const typeRef = (levels: number): string =>
      `${facts} ${values}${levels > 0 ? ` ofType { ${typeRef(levels - 1)} }` : ''}`;
    const input = `name description defaultValue isDeprecated deprecationReason __typename type { ${typeRef(7)} }`;
    const field = `name description isDeprecated deprecationReason __typename args { ${input} } type { ${typeRef(7)} }`;
    const lists = `fields { ${field} } inputFields { ${input} } interfaces { ${typeRef(5)} } possibleTypes { ${typeRef(5)} }`;
    const query = `{ __schema { types { ${typeRef(2)} ${lists} } mutationType { fields { ${field} } }
      queryType { fields { ${field} } } } __type(name: "Run") { fields { ${field} } } }`;
    expect(query.length).toBeGreaterThan(10_000);
    expect(codesOf(query)).toEqual([]);
    const answer = JSON.stringify(graphqlSync({ schema, source: query }));
    expect(answer).toContain('RunEvent');
    expect(answer.length).toBeLessThan(3 * JSON.stringify(introspectionFromSchema(schema)).length);
  });

  it.each([
    ['GraphiQL', { schemaDescription: false, inputValueDeprecation: false }],
    ['codegen', { descriptions: true, schemaDescription: true, specifiedByUrl: true, directiveIsRepeatable: true }],
    ['everything', { inputValueDeprecation: true, schemaDescription: true, specifiedByUrl: true, oneOf: true }],
  ])('lets the query of tools through: %s', (_tool, options) => {
    const query = getIntrospectionQuery(options);
    expect(codesOf(query)).toEqual([]);
    const { data } = graphqlSync({ schema, source: query });
    expect(buildClientSchema(data as unknown as IntrospectionQuery).getType('Run')).toBeDefined();
  });
});
