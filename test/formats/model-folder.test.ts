import { readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { readModelFolder, readModelSpec, writeModelFolder } from '../../src/formats/model-folder.ts';
import { checkTemplates, fillTemplate } from '../../src/model/templates.ts';
import { poolingModes } from '../../src/model/types.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { tinySpec, tinyTokenizerJson, writeTinyModel } from './tiny-model.ts';

const folder = temporaryFolder();
let models = 0;
let path = '';
beforeEach(() => {
  path = join(folder(), String(models++));
});

type Json = Record<string, unknown>;
const readJson = async (name: string): Promise<Json> => JSON.parse(await readFile(join(path, name), 'utf8')) as Json;

/** Changes fields of a JSON file; undefined removes one. */
async function edit(name: string, changes: Json): Promise<void> {
  await writeFile(join(path, name), JSON.stringify({ ...(await readJson(name)), ...changes }));
}

const refusal = (): Promise<string> =>
  readModelFolder(path).then(
    () => 'opened',
    (error: Error) => error.message,
  );

describe('model folder', () => {
  it('gives back what was written', async () => {
    const spec = { ...tinySpec, initialisation: 'a'.repeat(64) };
    await writeTinyModel(path, { spec });
    const model = await readModelFolder(path);
    expect(model.spec).toEqual(spec);
    expect((await model.weights.read('embeddings.LayerNorm.weight', [8]))[0]).toBe(1);
    await model.close();
  });

  it.each(poolingModes)('keeps the pooling mode %s in keys of which exactly one is true', async (pooling) => {
    const spec = { ...tinySpec, pooling, includePrompt: true };
    await writeTinyModel(path, { spec });
    expect(await readModelSpec(path)).toEqual(spec);
    const config = await readJson('1_Pooling/config.json');
    expect(Object.values(config).filter((value) => value === true)).toHaveLength(2);
    expect(config).toMatchObject({ word_embedding_dimension: 8, include_prompt: true });
    expect(
      config[
        pooling === 'lasttoken'
          ? 'pooling_mode_lasttoken'
          : `pooling_mode_${pooling}_tokens`.replace('cls_tokens', 'cls_token')
      ],
    ).toBe(true);
  });

  it('writes the form that sentence-transformers 5 and 6 and text-embeddings-inference read', async () => {
    await writeTinyModel(path);
    const modules = JSON.parse(await readFile(join(path, 'modules.json'), 'utf8')) as Json[];
    expect(modules.map(({ type, path: at }) => [type, at])).toEqual([
      ['sentence_transformers.models.Transformer', ''],
      ['sentence_transformers.models.Pooling', '1_Pooling'],
      ['sentence_transformers.models.Normalize', '2_Normalize'],
    ]);
    expect(await readJson('sentence_bert_config.json')).toEqual({ max_seq_length: 12, do_lower_case: false });
    expect(await readJson('tokenizer_config.json')).toMatchObject({ model_max_length: 12, pad_token: '[PAD]' });
    expect(await readJson('special_tokens_map.json')).toEqual({
      cls_token: '[CLS]',
      mask_token: '[MASK]',
      pad_token: '[PAD]',
      sep_token: '[SEP]',
      unk_token: '[UNK]',
    });
    expect(await readJson('config_sentence_transformers.json')).toMatchObject({
      model_type: 'SentenceTransformer',
      similarity_fn_name: 'cosine',
      default_prompt_name: null,
      prompts: { document: '', passage: '', query: 'find query: ', sts: 'a b: ' },
    });
    expect(await readJson('config.json')).toMatchObject({ model_type: 'bert', hidden_size: 8, pad_token_id: 0 });
  });

  it('reads the newer form, and a folder without a file of ours', async () => {
    await writeTinyModel(path);
    await rm(join(path, 'tandem.json'));
    await writeFile(
      join(path, '1_Pooling/config.json'),
      JSON.stringify({ embedding_dimension: 8, pooling_mode: 'weightedmean', include_prompt: true }),
    );
    const modules = ['base.modules.transformer.Transformer', 'sentence_transformer.modules.pooling.Pooling'];
    await writeFile(
      join(path, 'modules.json'),
      JSON.stringify([
        { type: `sentence_transformers.${modules[0]}`, path: '' },
        { type: `sentence_transformers.${modules[1]}`, path: '1_Pooling' },
        { type: 'sentence_transformers.sentence_transformer.modules.normalize.Normalize', path: '2_Normalize' },
      ]),
    );
    expect(await readModelSpec(path)).toMatchObject({
      pooling: 'weightedmean',
      includePrompt: true,
      templates: { query: 'find query: ', sts: 'a b: ', passage: '' },
      initialisation: null,
    });
  });

  it.each<[string, string, Json, RegExp]>([
    ['an unknown family', 'config.json', { model_type: 'gpt9' }, /config\.json: the model family "gpt9" is not known/],
    ['another activation', 'config.json', { hidden_act: 'gelu_new' }, /hidden_act is "gelu_new"/],
    ['a width that heads do not divide', 'config.json', { num_attention_heads: 3 }, /num_attention_heads is 3/],
    ['a missing size', 'config.json', { hidden_size: undefined }, /config\.json: hidden_size is missing/],
    ['an unknown pooling mode', '1_Pooling/config.json', { pooling_mode: 'middle' }, /pooling_mode is "middle"/],
    [
      'prompts that are no texts',
      'config_sentence_transformers.json',
      { prompts: { query: 1 } },
      /prompts is not a map/,
    ],
    ['a later format', 'tandem.json', { format: 3 }, /tandem\.json: format is 3/],
    ['templates that are not there', 'tandem.json', { templates: {} }, /tandem\.json: templates is \{\}/],
    ['fewer tensors than layers', 'config.json', { num_hidden_layers: 3 }, /tensor encoder\.layer\.2\..* is missing/],
    [
      'more tensors than layers',
      'config.json',
      { num_hidden_layers: 1 },
      /tensor encoder\.layer\.1\..* is no parameter/,
    ],
    ['another shape', 'config.json', { vocab_size: 99 }, /word_embeddings\.weight has the shape \[17,8\]/],
  ])('refuses %s by name', async (_, file, changes, message) => {
    await writeTinyModel(path);
    await edit(file, changes);
    expect(await refusal()).toMatch(message);
  });

  it('refuses missing and broken files by name', async () => {
    await writeTinyModel(path);
    const weights = join(path, 'model.safetensors');
    await truncate(weights, 3000);
    expect(await refusal()).toMatch(/model\.safetensors: .*cut off/);
    await rm(weights);
    expect(await refusal()).toMatch(/model\.safetensors: it cannot be opened/);
    await writeFile(join(path, 'modules.json'), '[{"type":"x.Transformer","path":"../.."}]');
    expect(await refusal()).toMatch(/\[0\]\.path is "\.\.\/\.\."/);
    await writeFile(join(path, 'modules.json'), '[{"type":"x.Transformer","path":""}]');
    expect(await refusal()).toMatch(/\[0\]\.type is "x\.Transformer"/);
    await rm(join(path, 'modules.json'));
    await writeFile(join(path, 'config.json'), '{"model_type": ');
    expect(await refusal()).toMatch(/config\.json: .*JSON/);
    await rm(join(path, 'config.json'));
    expect(await refusal()).toMatch(/config\.json: the file is missing/);
  });

  it('fails on a tensor that is not declared, and on tokenizers that are none', async () => {
    const bad = { spec: tinySpec, tokenizerJson: tinyTokenizerJson, tensors: [] };
    await expect(writeModelFolder(path, bad)).rejects.toThrow(/without the tensors/);
    await expect(writeModelFolder(`${path}-2`, { ...bad, tokenizerJson: '[]' })).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
    });
  });
});

describe('prompt templates', () => {
  it('fill in the task, and are nothing without one', () => {
    expect(fillTemplate('Instruction: {task} Query: ', 'find $& it')).toBe('Instruction: find $& it Query: ');
    expect(fillTemplate('Instruction: {task} Query: ', '')).toBe('');
    expect(fillTemplate('Passage: ', '')).toBe('Passage: ');
  });

  it('refuse other braces and endless texts', () => {
    const good = { query: '{task}: {task}', sts: '', passage: 'x' };
    expect(() => checkTemplates(good)).not.toThrow();
    for (const sts of ['{other}', '{task', 'task}', 'x'.repeat(5000)]) {
      expect(() => checkTemplates({ ...good, sts })).toThrow(/The sts template/);
    }
  });
});
