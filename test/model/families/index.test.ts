/** What holds of all families together. */
import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import { encoderCatalog } from '../../../src/model/families/catalog.ts';
import { families } from '../../../src/model/families/index.ts';
import { goldenNames } from '../../nn/family-case.ts';
import { configOf, read } from './describe-family.ts';

const modelTypes = Object.values(families).flatMap(({ configReaders }) => Object.keys(configReaders));

it('reads no model_type as two families', () => {
  expect(modelTypes).toEqual(expect.arrayContaining(['bert', 'camembert', 'minicpm']));
  expect(new Set(modelTypes).size).toBe(modelTypes.length);
});

it('names the known model types where one is not known', () => {
  const message = 'config.json: the model family "gpt2" is not known';
  const details = expect.objectContaining({ expected: modelTypes.join(', ') });
  expect(() => read({ model_type: 'gpt2' })).toThrow(expect.objectContaining({ message, details }));
});

it('has a golden and a test of every family', async () => {
  const covered = new Set(await Promise.all(goldenNames.map(async (name) => read(await configOf(name)).family)));
  for (const { name } of encoderCatalog) {
    expect(covered, 'test/fixtures/families').toContain(name);
    expect(existsSync(new URL(`${name}.test.ts`, import.meta.url)), `test/model/families/${name}.test.ts`).toBe(true);
  }
});
