/** The checked-in schema is the built one, and everything in it is described. */
import { readFileSync } from 'node:fs';
import {
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputField,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  isSpecifiedScalarType,
  validateSchema,
} from 'graphql';
import { describe, expect, it } from 'vitest';
import { enumValueOf } from '../../src/catalog.ts';
import { importerCatalog } from '../../src/data/importers/catalog.ts';
import { samplerCatalog } from '../../src/data/samplers/catalog.ts';
import { fusionCatalog } from '../../src/fusion/catalog.ts';
import { printCatalogs } from '../../src/graphql/print-catalogs.ts';
import { printSdl } from '../../src/graphql/print-schema.ts';
import { schema } from '../../src/graphql/schema.ts';
import { encoderCatalog } from '../../src/model/families/catalog.ts';
import { lossCatalog } from '../../src/nn/losses/catalog.ts';

type Described = { readonly name: string; readonly description?: string | null };
const isBare = ({ description }: Described): boolean => !description?.trim();

function bareFields(type: string, fields: readonly (GraphQLField<unknown, unknown> | GraphQLInputField)[]): string[] {
  return fields.flatMap((field) => {
    const args: readonly GraphQLArgument[] = 'args' in field ? field.args : [];
    const bareArgs = args.filter(isBare).map((arg) => `${type}.${field.name}(${arg.name})`);
    return isBare(field) ? [`${type}.${field.name}`, ...bareArgs] : bareArgs;
  });
}

describe('the schema', () => {
  it('is docs/schema.graphql to the letter', () => {
    expect(printSdl()).toBe(readFileSync('docs/schema.graphql', 'utf8'));
  });

  it('is valid', () => {
    expect(validateSchema(schema)).toEqual([]);
  });

  it('describes every type, field, argument and enum value', () => {
    const own = Object.values(schema.getTypeMap()).filter(
      (type) => !type.name.startsWith('__') && !isSpecifiedScalarType(type),
    );
    expect(own.length).toBeGreaterThan(100);
    const bare = own.flatMap((type) => {
      const self = isBare(type) ? [type.name] : [];
      if (isEnumType(type))
        return [
          ...self,
          ...type
            .getValues()
            .filter(isBare)
            .map((value) => `${type.name}.${value.name}`),
        ];
      if (isObjectType(type) || isInterfaceType(type) || isInputObjectType(type)) {
        return [...self, ...bareFields(type.name, Object.values(type.getFields()))];
      }
      return self;
    });
    expect(bare).toEqual([]);
  });

  it.each([
    ['Loss', lossCatalog],
    ['Sampler', samplerCatalog],
    ['EncoderFamily', encoderCatalog],
    ['FusionMethod', fusionCatalog],
    ['Importer', importerCatalog],
  ])('has every row of its catalog in %s', (name, catalog) => {
    const type = schema.getType(name);
    expect(isEnumType(type) && type.getValues().map((value) => value.name)).toEqual(
      catalog.map((entry) => enumValueOf(entry.name)).sort(),
    );
  });

  it('never needs a vector to be selected: both forms are fields of their own', () => {
    const type = schema.getType('Embedding');
    const fields = isObjectType(type) ? type.getFields() : {};
    expect(Object.keys(fields).sort()).toEqual(['base64', 'index', 'tokens', 'truncated', 'values']);
  });
});

describe('docs/catalogs.md', () => {
  it('is what the catalogs say, to the letter', () => {
    expect(printCatalogs()).toBe(readFileSync('docs/catalogs.md', 'utf8'));
  });
});
