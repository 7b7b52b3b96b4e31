/** The tests that every family has, declared by its own test file. */
import { describe, expect, it } from 'vitest';
import { type GivenParameters, readParameters, rowOf } from '../../../src/catalog-parameters.ts';
import { type EncoderFamily, encoderCatalog } from '../../../src/model/families/catalog.ts';
import { readConfig, writeConfig } from '../../../src/model/families/config-json.ts';
import { newArchitecture } from '../../../src/model/new-architecture.ts';
import { encoderParameters } from '../../../src/model/parameter-shapes.ts';
import { parameterName } from '../../../src/model/tensor-names.ts';
import { openFamilyCase } from '../../nn/family-case.ts';

type Fields = Readonly<Record<string, unknown>>;

export const read = (fields: Fields) => readConfig({ path: 'config.json', fields });

export const configOf = async (golden: string): Promise<Fields> => (await openFamilyCase(golden)).config;

/** The architecture of a new model with the catalog's defaults and `changes`. */
export function newModel(family: EncoderFamily, changes: GivenParameters = {}, padTokenId = 0) {
  const row = rowOf(encoderCatalog, family, 'family');
  return newArchitecture(family, readParameters(row, changes, 'architecture'), 100, padTokenId);
}

interface FamilyCases {
  /** Names of fixtures (test/fixtures/families) that are this family. */
  readonly goldens: readonly string[];
  /** Changes of a golden's config.json, and the field that is named when it is refused. */
  readonly refusedConfigs: readonly (readonly [golden: string, changes: Fields, field: string])[];
  /** Parameters of the catalog row that do not go together, and the one that is named. */
  readonly refusedSizes: readonly (readonly [values: Readonly<Record<string, number>>, field: string])[];
  /** Names of tensors in files of other programs; undefined = ignored. */
  readonly tensorNames: readonly (readonly [inFile: string, parameter: string | undefined])[];
}

export function describeFamily(family: EncoderFamily, cases: FamilyCases): void {
  describe(`config.json of ${family}`, () => {
    it.each(cases.goldens)('is read from the golden %s and comes back from what is written', async (golden) => {
      const config = await configOf(golden);
      const first = read(config);
      expect(first.family).toBe(family);
      const written = writeConfig(family, first.architecture) as Fields;
      expect(read(JSON.parse(JSON.stringify(written)) as Fields)).toEqual(first);
      expect(written['model_type']).toBe(config['model_type']);
      expect('pad_token_id' in written).toBe('pad_token_id' in config);
      expect(written['pad_token_id']).toBe(config['pad_token_id']);
    });

    it.each(cases.refusedConfigs)('of %s is refused with %j', async (golden, changes, field) => {
      const config = await configOf(golden);
      const refused = () => read({ ...config, ...changes });
      expect(refused).toThrow(`config.json: ${field} is `);
      expect(refused).toThrow(expect.objectContaining({ code: 'BAD_USER_INPUT' }));
    });
  });

  describe(`a new ${family}`, () => {
    it('can be written and read', () => {
      const architecture = newModel(family);
      const written = writeConfig(family, architecture) as Fields;
      expect(read(written)).toEqual({ family, architecture });
      expect(encoderParameters(family, architecture).length).toBeGreaterThan(10);
    });

    it.each(cases.refusedSizes)('with %j is refused by name', (values, field) => {
      expect(() => newModel(family, values)).toThrow(
        expect.objectContaining({ code: 'BAD_USER_INPUT', details: expect.objectContaining({ field }) }),
      );
    });
  });

  describe(`a ${family} of another program`, () => {
    it.each(cases.tensorNames)('has the tensor %s: parameter %s', (name, parameter) => {
      expect(parameterName(family, name)).toBe(parameter);
    });
  });
}
