/** Operations whose lists multiply are refused before they run. */
import { readdir, readFile } from 'node:fs/promises';
import {
  type GraphQLInputType,
  GraphQLNonNull,
  type GraphQLType,
  getNullableType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isRequiredInputField,
  Kind,
  type NamedTypeNode,
  parse,
  specifiedRules,
  typeFromAST,
  validate,
} from 'graphql';
import { describe, expect, it } from 'vitest';
import { defaultLimits } from '../../src/config.ts';
import { refusalsOf } from '../../src/graphql/limits/limits.ts';
import { schema } from '../../src/graphql/schema.ts';

/** The refusal of a valid operation, as its message. */
function refusalOf(query: string, variableValues: Record<string, unknown> = {}): string | null {
  const document = parse(query);
  expect(validate(schema, document, specifiedRules)).toEqual([]);
  const [refusal] = refusalsOf({ schema, document, variableValues }, defaultLimits);
  if (refusal?.message.includes('objects')) {
    expect(refusal.extensions).toMatchObject({ code: 'LIMIT_EXCEEDED', remedy: expect.any(String) });
  }
  return refusal?.message ?? null;
}

/** A value that a variable of the type accepts: null where it may, else one item, the required fields, or '1'. */
function sampleOf(type: GraphQLType | undefined): unknown {
  if (!isNonNullType(type)) return null;
  const inner = type.ofType;
  if (isListType(inner)) return [sampleOf(inner.ofType as GraphQLInputType)];
  if (isEnumType(inner)) return inner.getValues()[0]?.name;
  if (!isInputObjectType(inner)) return { Boolean: true, ID: '1', String: '1' }[String(inner)] ?? 1;
  const fields = Object.values(inner.getFields());
  const required = inner.isOneOf ? fields.slice(0, 1) : fields.filter(isRequiredInputField);
  return Object.fromEntries(
    required.map(({ name, type }) => [name, sampleOf(new GraphQLNonNull(getNullableType(type)))]),
  );
}

describe('the number of objects', () => {
  it('is the product of the pages along a path', () => {
    const inner = '{ nodes { run { checkpoints(first: 100) { nodes { id } } } } }';
    expect(refusalOf(`{ checkpoints(first: 10) ${inner} }`)).toBeNull();
    // 1 connection; 1000 checkpoints, each with a run, a connection and its 100 checkpoints.
    expect(refusalOf(`{ checkpoints(first: 1000) ${inner} }`)).toContain('up to 103001 objects');
  });

  it('counts variables, their defaults, and pages of the default size', () => {
    const query = `query($n: Int = 1000) {
      checkpoints(first: $n) { nodes { run { checkpoints { edges { node { evaluations { id } } } } } } }
    }`;
    expect(refusalOf(query, { n: 10 })).toBeNull();
    expect(refusalOf(query)).toContain('objects');
    expect(refusalOf(query, { n: 1_000_000 })).toContain('objects');
  });

  it('counts the hits of a search and the events of a run', () => {
    const hits = 'hits { document { collection { checkpoint { evaluations { id } } } } }';
    expect(refusalOf(`{ search(collection: "x", query: "x", k: 10) { ${hits} } }`)).toBeNull();
    // 1 result; 1000 hits, each with a document, a collection, a checkpoint, a run, a connection and 100 checkpoints.
    const runs = 'run { checkpoints(first: 100) { nodes { id } } }';
    const wide = hits.replace('evaluations { id }', runs);
    expect(refusalOf(`{ search(collection: "x", query: "x", k: 1000) { ${wide} } }`)).toContain('up to 106001 objects');
    expect(refusalOf(`{ runs(first: 100) { nodes { events(first: 999) { seq } } } }`)).toContain(
      'up to 100001 objects',
    );
  });

  it('throws what the validation of a page size throws', () => {
    expect(() => refusalOf('{ search(collection: "x", query: "x", k: 1001) { searched } }')).toThrow('k: ');
  });

  it('refuses an operation that it cannot count', () => {
    expect(refusalOf('query ($first: Int) { runs(first: $first) { totalCount } }', { first: 'ten' })).toContain(
      '$first',
    );
  });

  it('counts through fragments and inline fragments, a bomb of them at once', () => {
    const page = (inner: string) => `run { checkpoints(first: 1000) { nodes { ${inner} } } }`;
    const fragments = `fragment A on Checkpoint { ${page('...B')} } fragment B on Checkpoint { ... on Checkpoint { ${page('id')} } }`;
    expect(refusalOf(`{ checkpoints(first: 1) { nodes { ...A } } } ${fragments}`)).toContain('objects');
    const parts = Array.from(
      { length: 40 },
      (_, i) => `fragment F${i} on Query { ...F${i + 1} a${i}: runs { nodes { id } } }`,
    );
    const bomb = parts.join(' ').replaceAll(/\.\.\.F(\d+)/g, '...F$1 ... on Query { ...F$1 }');
    expect(refusalOf(`{ ...F0 } ${bomb} fragment F40 on Query { system { version } }`)).toContain('objects');
  });

  it('lets every operation of the own client through, with its largest pages', async () => {
    const folder = new URL('../../src/client/operations/', import.meta.url);
    const files = await Promise.all((await readdir(folder)).map((name) => readFile(new URL(name, folder), 'utf8')));
    const document = parse(files.join('\n'));
    const operations = document.definitions.filter(({ kind }) => kind === Kind.OPERATION_DEFINITION);
    expect(operations.length).toBeGreaterThan(10);
    for (const operation of operations) {
      if (operation.kind !== Kind.OPERATION_DEFINITION) continue;
      const variableValues = Object.fromEntries(
        (operation.variableDefinitions ?? []).map(({ variable: { name }, type }) => [
          name.value,
          ['first', 'k'].includes(name.value) ? 1000 : sampleOf(typeFromAST(schema, type as NamedTypeNode)),
        ]),
      );
      const operationName = operation.name?.value;
      expect(refusalsOf({ schema, document, operationName, variableValues }, defaultLimits)).toEqual([]);
    }
  });
});
