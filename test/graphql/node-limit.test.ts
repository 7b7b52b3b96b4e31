/** Operations whose lists multiply are refused before they run. */
import { readdir, readFile } from 'node:fs/promises';
import { Kind, parse, specifiedRules, validate } from 'graphql';
import { describe, expect, it } from 'vitest';
import { defaultLimits } from '../../src/config.ts';
import { tooManyNodes } from '../../src/graphql/node-limit.ts';
import { schema } from '../../src/graphql/schema.ts';

/** The refusal of a valid operation, as its message. */
function refusalOf(query: string, variableValues: Record<string, unknown> = {}): string | null {
  const document = parse(query);
  expect(validate(schema, document, specifiedRules)).toEqual([]);
  const refusal = tooManyNodes({ schema, document, variableValues }, defaultLimits);
  if (refusal) expect(refusal.extensions).toMatchObject({ code: 'LIMIT_EXCEEDED', remedy: expect.any(String) });
  return refusal?.message ?? null;
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
      const names = (operation.variableDefinitions ?? []).map(({ variable }) => variable.name.value);
      const sizes = Object.fromEntries(
        ['first', 'k'].filter((name) => names.includes(name)).map((name) => [name, 1000]),
      );
      const operationName = operation.name?.value;
      expect(tooManyNodes({ schema, document, operationName, variableValues: sizes }, defaultLimits)).toBeNull();
    }
  });
});
