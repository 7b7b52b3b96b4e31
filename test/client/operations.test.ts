/** The typed client has a document for every operation of the API. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSchema, Kind, parse, print, validate } from 'graphql';
import { describe, expect, it } from 'vitest';
import { deriveOperations } from '../../src/build/derive-operations.mjs';
import { refuseWaiting, waitedSchema } from '../../src/build/waited-schema.mjs';
import * as client from '../../src/client/index.ts';
import { root } from '../import-graph.ts';

const schema = buildSchema(readFileSync(join(root, 'docs/schema.graphql'), 'utf8'));
const documents = Object.entries(client)
  .filter(([name]) => name.endsWith('Document'))
  .map(([name, document]) => ({ name, document: parse(String(document)) }));

describe('the documents of the client', () => {
  it('ask for every query, mutation and subscription', () => {
    const asked = documents.flatMap(({ document }) =>
      document.definitions.flatMap((definition) =>
        definition.kind === Kind.OPERATION_DEFINITION
          ? definition.selectionSet.selections.map(
              (field) => `${definition.operation} ${field.kind === Kind.FIELD ? field.name.value : '?'}`,
            )
          : [],
      ),
    );
    const roots = { query: schema.getQueryType(), mutation: schema.getMutationType() };
    const all = Object.entries({ ...roots, subscription: schema.getSubscriptionType() }).flatMap(([operation, type]) =>
      Object.keys(type?.getFields() ?? {}).map((field) => `${operation} ${field}`),
    );
    expect(all.length).toBeGreaterThan(60);
    expect(all.filter((field) => !asked.includes(field))).toEqual([]);
  });

  it('are valid', () => {
    const faults = documents.flatMap(({ name, document }) =>
      validate(schema, document).map(({ message }) => `${name}: ${message}`),
    );
    expect(faults).toEqual([]);
  });
});

describe('deriveOperations', () => {
  const small = parse(`
    interface Node { id: ID! }
    type A implements Node { id: ID!, name: String! }
    type B implements Node { id: ID! a: A! }
    type Part { value(unit: String!): Float! size: Int! }
    type Payload { a: A! b: B! part: Part! }
    type DeletePayload { deletedId: ID! a: A! }
    type Query { a(id: ID!): A node(id: ID!): Node size: Int! }
    type Mutation { makeA(name: String!, kept: Boolean! = true): Payload! deleteA(id: ID!): DeletePayload! }
  `);

  it('selects by fragments, ids of other nodes, and what needs no argument', () => {
    const written = parse('query Size { size } fragment Names on A { name } fragment ASummary on A { id name }');
    expect(deriveOperations(small, [written]).map((text: string) => text.replaceAll(/\s+/g, ' '))).toEqual([
      'query A($id: ID!) { a(id: $id) { ...ASummary } }',
      'query Node($id: ID!) { node(id: $id) { __typename id } }',
      'mutation MakeA($name: String!, $kept: Boolean! = true) ' +
        '{ makeA(name: $name, kept: $kept) { a { ...ASummary } b { id } part { size } } }',
      'mutation DeleteA($id: ID!) { deleteA(id: $id) { deletedId a { id } } }',
    ]);
  });

  it('leaves out what people wrote, whatever its name', () => {
    const written = parse('query Other { a(id: "x") { id } size node(id: "x") { id } }');
    const texts: readonly string[] = deriveOperations(small, [written]);
    expect(texts.map((text) => text.split(' ')[0])).toEqual(['mutation', 'mutation']);
  });
});

describe('a mutation that waits for jobs', () => {
  const small = parse(`
    interface Node { id: ID! }
    type Job implements Node { id: ID! state: String! }
    type A implements Node { id: ID! }
    type MakeAPayload { a: A, sizes: [Int!], job: Job!, jobs: [Job!]! }
    type Query { a(id: ID!): A }
    type Mutation { makeA(name: String!, wait: Boolean! = true): MakeAPayload! }
  `);

  it('has a document that waits and one that begins', () => {
    const written = parse('query A($id: ID!) { a(id: $id) { id } } fragment JobProgress on Job { id state }');
    expect(deriveOperations(small, [written]).map((text: string) => text.replaceAll(/\s+/g, ' '))).toEqual([
      'mutation MakeA($name: String!) ' +
        '{ makeA(name: $name) { a { id } sizes job { ...JobProgress } jobs { ...JobProgress } } }',
      'mutation BeginMakeA($name: String!) { makeA(name: $name, wait: false) { jobs { ...JobProgress } } }',
    ]);
  });

  it('has no nulls in its payload for documents that leave `wait` out', () => {
    const text = print(waitedSchema(small));
    expect(text).toContain('a: A!\n  sizes: [Int!]!\n  job: Job!');
    expect(text).toContain('a(id: ID!): A\n');
  });

  it('is refused where a document gives `wait` and selects what may be null then', () => {
    const jobs = parse('mutation Jobs($wait: Boolean!) { makeA(name: "a", wait: $wait) { jobs { id } } }');
    expect(() => refuseWaiting(jobs)).not.toThrow();
    const made = parse('mutation Made($wait: Boolean!) { makeA(name: "a", wait: $wait) { a { id } } }');
    expect(() => refuseWaiting(made)).toThrow('Made gives `wait` and selects more than the jobs');
  });
});
