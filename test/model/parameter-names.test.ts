/** Globs over the names of parameters, and those names against the files of a model folder. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { initialParameters } from '../../src/authoring/initial-parameters.ts';
import { writeModelFolder } from '../../src/formats/model-folder.ts';
import { openSafetensors } from '../../src/formats/safetensors.ts';
import { exportedName, matchesGlob } from '../../src/model/parameter-names.ts';
import { modelParameters } from '../../src/model/pipeline.ts';
import { type ModelSpec, plainPipeline } from '../../src/model/types.ts';
import { trainWordPiece } from '../../src/tokenizer/train-wordpiece.ts';
import { tinySpec } from '../nn/tiny.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const folder = temporaryFolder();

describe('a glob', () => {
  it.each([
    ['encoder.layer.1.*', 'encoder.layer.1.attention.self.query.weight', true],
    ['encoder.layer.1.*', 'encoder.layer.11.output.dense.bias', false],
    ['encoder.layer.?.*', 'encoder.layer.11.output.dense.bias', false],
    ['encoder.layer.??.*', 'encoder.layer.11.output.dense.bias', true],
    ['*.bias', 'encoder.layer.0.output.dense.bias', true],
    ['*.bias', 'encoder.layer.0.output.dense.bias2', false],
    ['*LayerNorm*', 'embeddings.LayerNorm.weight', true],
    ['*', 'a', true],
    ['**', 'a', true],
    ['a*', 'a', true],
    ['a?', 'a', false],
    ['', 'a', false],
    ['a', 'a', true],
    ['a', 'ab', false],
    ['ab', 'a', false],
    ['*a*b*c', 'xaybzbc', true],
    ['*a*b*c', 'xaybzbcd', false],
    ['embeddings', 'embeddings.word_embeddings.weight', false],
    ['embeddings.word', 'embeddingsXword', false],
    ['[a]', 'a', false],
    ['2_Dense/*', '2_Dense/linear.weight', true],
  ])('%s matches %s: %s', (glob, name, expected) => {
    expect(matchesGlob(glob, name)).toBe(expected);
  });

  it('takes no exponential time', () => {
    expect(matchesGlob(`${'*a'.repeat(90)}b`, 'a'.repeat(2000))).toBe(false);
  });
});

it('exported names are those of the files', async () => {
  const dense = { inFeatures: 16, outFeatures: 16, bias: true, activation: 'tanh' } as const;
  const spec: ModelSpec = {
    ...plainPipeline,
    ...tinySpec(),
    dense: [dense, { ...dense, bias: false }],
    includePrompt: true,
    maxLength: 32,
    templates: { query: '', sts: '', passage: '' },
    prompts: {},
    initialisation: null,
  };
  const path = join(folder(), 'model');
  const tokenizer = await trainWordPiece(['the pump is worn'], 50);
  await writeModelFolder(path, {
    spec,
    tokenizerJson: JSON.stringify(tokenizer),
    tensors: initialParameters(spec, 1),
  });
  const names: string[] = [];
  for (const file of (await readdir(path, { recursive: true })).filter((name) => name.endsWith('model.safetensors'))) {
    const reader = await openSafetensors(join(path, file));
    const prefix = file.slice(0, -'model.safetensors'.length);
    names.push(...[...reader.tensors.keys()].map((name) => `${prefix}${name}`));
    await reader.close();
  }
  expect(names.sort()).toEqual(
    modelParameters(spec)
      .map(({ name }) => exportedName(name))
      .sort(),
  );
  expect(names).toContain('3_Dense/linear.weight');
});
