/** Documents that were parsed, printed without the package graphql. */
import { type DocumentNode, parse, print as reference, stripIgnoredCharacters, visit } from 'graphql';
import { expect, it } from 'vitest';
import { operationOf } from '../../src/client/documents.ts';
import * as operations from '../../src/client/generated/operations.ts';
import { print } from '../../src/client/print.ts';

/** As codegen writes a document: without places in a text. */
const withoutPlaces = (document: DocumentNode): DocumentNode =>
  JSON.parse(JSON.stringify(visit(document, { enter: ({ loc: _loc, ...node }) => node })));

const everything = /* GraphQL */ `
  fragment F($x: Int = 1) on Run @a(b: 1) { id query mutation }
  query Q($a: [Int!]! = [1, -2] @c, $b: In = { s: "a\\"b\\\\\\n\\u00e9", e: NAME, f: 1.5e3, n: null, t: true, o: {} }) @d {
    x: run(id: $a, input: $b) @skip(if: false) @include(if: $c) { ...F @e ... on Run @f { id } ... @g { id } ... { id } }
    text(block: """
      two
        lines "quoted"
    """)
    empty(list: [], text: "")
  }
`;

it('print to what graphql-js reads as the same', () => {
  const document = withoutPlaces(parse(everything, { allowLegacyFragmentVariables: true }));
  const [fragment, operation] = document.definitions;
  const printed = parse(print(document));
  const { variableDefinitions: _gone, ...plain } = fragment as never as Record<string, unknown>;
  const sorted = { ...document, definitions: [operation, plain] };
  const values = (node: unknown) => JSON.parse(JSON.stringify(node, (key, value) => (key === 'block' ? false : value)));
  expect(values(withoutPlaces(printed))).toEqual(values({ ...sorted, definitions: [operation, { ...plain }] }));
});

it('print every operation of the client to the text that it has', () => {
  const texts = Object.entries(operations).flatMap(([name, document]) =>
    /Document$/.test(name) ? [String(document)] : [],
  );
  expect(texts.length).toBeGreaterThan(20);
  for (const text of texts) {
    const document = withoutPlaces(parse(text));
    expect(stripIgnoredCharacters(print(document))).toBe(stripIgnoredCharacters(reference(document)));
    const [{ kind, name }, own] = [operationOf(document as never), operationOf(new String(text) as never)];
    expect([kind, name]).toEqual([own.kind, own.name]);
  }
});

it('refuse what is no operation', () => {
  expect(() => print(parse('type A { b: Int }'))).toThrow('ObjectTypeDefinition');
});
