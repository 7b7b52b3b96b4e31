import { cp, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { readModelFolder, readModelSpec, readTokenizerFile, writeModelFolder } from '../../src/formats/model-folder.ts';
import { withLowerCase } from '../../src/formats/tokenizer-files.ts';
import { dimensionOf, modelParameters } from '../../src/model/pipeline.ts';
import type { ModelSpec, NamedTensor } from '../../src/model/types.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { pipelineNames, pipelinePath } from './pipelines.ts';

const folder = temporaryFolder();
let models = 0;
let path = '';
beforeEach(() => {
  path = join(folder(), String(models++));
});

type Json = Record<string, unknown>;
const json = async (file: string): Promise<Json> => JSON.parse(await readFile(file, 'utf8')) as Json;

const templates = { query: 'query: ', sts: 'query: ', passage: 'passage: the ' };
const [tanh, identity] = ['tanh', 'identity'] as const;
const newPrompts = { document: '', passage: 'passage: the ', query: 'query: ' };

/**
 * What the script made, setting by setting. Old folders have an empty `document` too: sentence-transformers adds it.
 */
const settings: Readonly<Record<(typeof pipelineNames)[number], Partial<ModelSpec>>> = {
  'mean-dense-normalize': {
    pooling: 'mean',
    includePrompt: false,
    dense: [
      { inFeatures: 16, outFeatures: 10, bias: true, activation: tanh },
      { inFeatures: 10, outFeatures: 8, bias: false, activation: identity },
    ],
    normalize: true,
    similarity: 'cosine',
    prompts: newPrompts,
    defaultPromptName: 'query',
    maxLength: 24,
  },
  'mean-sqrt-len-shards': { pooling: 'mean_sqrt_len', normalize: false, similarity: 'euclidean', includePrompt: true },
  'plain-head': {
    ...{ pooling: 'mean', includePrompt: true, normalize: false, similarity: 'cosine', prompts: {} },
    templates: { query: '', sts: '', passage: '' },
    maxLength: 24,
  },
  'cls-half': { pooling: 'cls', normalize: false, similarity: 'dot', maxLength: 16 },
  lasttoken: { pooling: 'lasttoken', includePrompt: false, normalize: true, maxLength: 20, defaultPromptName: 'query' },
  'weightedmean-lowercase': { pooling: 'weightedmean', includePrompt: false, normalize: true, lowerCase: true },
  'max-mean-dense': {
    ...{ pooling: ['max', 'mean'], includePrompt: false, normalize: false, defaultPromptName: null },
    dense: [{ inFeatures: 32, outFeatures: 9, bias: true, activation: tanh }],
  },
  'xlm-roberta-mean': {
    ...{ family: 'xlm-roberta', pooling: 'mean', includePrompt: false, normalize: true },
    ...{ defaultPromptName: 'query', maxLength: 24 },
  },
  'modernbert-mean-dense': {
    ...{ family: 'modernbert', pooling: 'mean', normalize: true, maxLength: 24 },
    dense: [{ inFeatures: 16, outFeatures: 12, bias: true, activation: tanh }],
  },
  'llama-weightedmean': {
    ...{ family: 'llama', pooling: 'weightedmean', normalize: false, similarity: 'dot' },
    ...{ defaultPromptName: 'passage', maxLength: 20 },
  },
  'qwen3-lasttoken': { family: 'qwen3', pooling: 'lasttoken', normalize: true, defaultPromptName: 'query' },
};

/** Every tensor of a folder, by name. */
async function tensorsOf(at: string): Promise<NamedTensor[]> {
  const { spec, weights, close } = await readModelFolder(at);
  const tensors: NamedTensor[] = [];
  for (const { name, shape } of modelParameters(spec))
    tensors.push({ name, shape, data: await weights.read(name, shape) });
  await close();
  return tensors;
}

async function rewrite(from: string, to: string): Promise<void> {
  const { spec, tokenizerPath, tokenizerSettings, close } = await readModelFolder(from);
  await close();
  const tokenizerJson = await readTokenizerFile(tokenizerPath);
  await writeModelFolder(to, { spec, tokenizerJson, tokenizerSettings, tensors: await tensorsOf(from) });
}

describe.each(pipelineNames)('the folder %s', (name) => {
  it('is read with every setting', async () => {
    expect(await readModelSpec(pipelinePath(name))).toMatchObject({
      templates,
      ...settings[name],
      initialisation: null,
    });
  });

  it('keeps settings and weights when it is written anew, and then all of its bytes', async () => {
    await rewrite(pipelinePath(name), path);
    expect(await readModelSpec(path)).toEqual(await readModelSpec(pipelinePath(name)));
    expect(await tensorsOf(path)).toEqual(await tensorsOf(pipelinePath(name)));
    const again = `${path}-again`;
    await rewrite(path, again);
    const files = (await readdir(path, { recursive: true })).filter((file) => file.includes('.'));
    expect(files.length).toBeGreaterThanOrEqual(9);
    for (const file of files) expect(await readFile(join(again, file))).toEqual(await readFile(join(path, file)));
  });
});

describe.each(pipelineNames)('the recorded checkpoint of %s', (name) => {
  it('is what would be written today, byte for byte', async () => {
    const from = pipelinePath(`exported-${name}`);
    await rewrite(from, path);
    const files = (await readdir(from, { recursive: true })).filter((file) => file.includes('.'));
    for (const file of files) expect(await readFile(join(path, file))).toEqual(await readFile(join(from, file)));
  });
});

describe('what is written for other programs', () => {
  it('has dense layers in their own folders, with the keys that version 5 takes', async () => {
    await rewrite(pipelinePath('mean-dense-normalize'), path);
    const modules = JSON.parse(await readFile(join(path, 'modules.json'), 'utf8')) as Json[];
    expect(modules.map((module) => [module['idx'], module['path'], module['type']])).toEqual([
      [0, '', 'sentence_transformers.models.Transformer'],
      [1, '1_Pooling', 'sentence_transformers.models.Pooling'],
      [2, '2_Dense', 'sentence_transformers.models.Dense'],
      [3, '3_Dense', 'sentence_transformers.models.Dense'],
      [4, '4_Normalize', 'sentence_transformers.models.Normalize'],
    ]);
    expect(await json(join(path, '3_Dense/config.json'))).toEqual({
      ...{ in_features: 10, out_features: 8, bias: false },
      activation_function: 'torch.nn.modules.linear.Identity',
    });
    const settingsFile = await json(join(path, 'config_sentence_transformers.json'));
    expect(settingsFile).toMatchObject({ prompts: newPrompts, default_prompt_name: 'query' });
    expect(Object.keys(settingsFile)).toEqual(Object.keys(settingsFile).sort());
    expect(await json(join(path, 'sentence_bert_config.json'))).toEqual({ max_seq_length: 24, do_lower_case: false });
    expect(await json(join(path, 'tokenizer_config.json'))).toMatchObject({
      tokenizer_class: 'PreTrainedTokenizerFast',
      model_max_length: 24,
      mask_token: '[MASK]',
    });
  });

  it('says several pooling modes by the old keys, and their order by the new one where the old cannot', async () => {
    await rewrite(pipelinePath('max-mean-dense'), path);
    const old = await json(join(path, '1_Pooling/config.json'));
    expect(Object.keys(old).filter((key) => old[key] === true)).toEqual([
      'pooling_mode_max_tokens',
      'pooling_mode_mean_tokens',
    ]);
    const other = {
      embedding_dimension: 16,
      pooling_mode: ['mean', 'mean_sqrt_len_tokens', 'max'],
      include_prompt: true,
    };
    await writeFile(join(path, '1_Pooling/config.json'), JSON.stringify(other));
    await writeFile(
      join(path, '2_Dense/config.json'),
      JSON.stringify({ ...(await json(join(path, '2_Dense/config.json'))), in_features: 48 }),
    );
    const spec = await readModelSpec(path);
    expect(spec.pooling).toEqual(['mean', 'mean_sqrt_len', 'max']);
    expect(dimensionOf({ ...spec, dense: [] })).toBe(48);
    const wide = { name: 'dense.0.linear.weight', shape: [9, 48], data: new Float32Array(9 * 48) };
    const tensors = (await tensorsOf(pipelinePath('max-mean-dense'))).map((tensor) =>
      tensor.name === wide.name ? wide : tensor,
    );
    const tokenizerJson = await readTokenizerFile(join(path, 'tokenizer.json'));
    await writeModelFolder(`${path}-again`, { spec, tokenizerJson, tensors });
    expect(await json(join(`${path}-again`, '1_Pooling/config.json'))).toEqual(other);
  });

  it('lowercases in tokenizer.json itself, once', async () => {
    await rewrite(pipelinePath('weightedmean-lowercase'), path);
    const { normalizer } = await json(join(path, 'tokenizer.json'));
    expect(normalizer).toMatchObject({
      type: 'Sequence',
      normalizers: [{ type: 'Lowercase' }, { type: 'BertNormalizer' }],
    });
    const text = await readFile(join(path, 'tokenizer.json'), 'utf8');
    expect(withLowerCase(text)).toBe(text);
    expect(JSON.parse(withLowerCase('{"normalizer":null}'))).toEqual({
      normalizer: { type: 'Sequence', normalizers: [{ type: 'Lowercase' }] },
    });
    expect(await json(join(path, 'sentence_bert_config.json'))).toMatchObject({ do_lower_case: true });
  });
});

describe('the longest text', () => {
  const names = ['bert', 'roberta', 'distilbert', 'camembert', 'albert', 'xlm-roberta', 'xlnet'];

  it.each(names)('is found in sentence_%s_config.json', async (name) => {
    await cp(pipelinePath('cls-half'), path, { recursive: true });
    await rename(join(path, 'sentence_bert_config.json'), join(path, `sentence_${name}_config.json`));
    expect((await readModelSpec(path)).maxLength).toBe(16);
  });

  it("else is the tokenizer's, cut to the positions; else the positions", async () => {
    await cp(pipelinePath('cls-half'), path, { recursive: true });
    await rm(join(path, 'sentence_bert_config.json'));
    const tokenizer = join(path, 'tokenizer_config.json');
    const lengthWith = async (length: string | undefined): Promise<number> => {
      if (length === undefined) await rm(tokenizer);
      else await writeFile(tokenizer, `{"model_max_length": ${length}}`);
      return (await readModelSpec(path)).maxLength;
    };
    expect(await lengthWith('12')).toBe(12);
    expect(await lengthWith('512')).toBe(32);
    expect(await lengthWith('1000000000000000019884624838656')).toBe(32);
    expect(await lengthWith('null')).toBe(32);
    expect(await lengthWith(undefined)).toBe(32);
  });

  it('is cut to a table of positions, beyond which the original fails', async () => {
    await cp(pipelinePath('cls-half'), path, { recursive: true });
    await writeFile(join(path, 'sentence_bert_config.json'), '{"max_seq_length": 34}');
    expect((await readModelSpec(path)).maxLength).toBe(32);
  });
});

describe('a folder without modules.json', () => {
  const plain = async (changes: Json): Promise<ModelSpec> => {
    await cp(pipelinePath('cls-half'), path, { recursive: true });
    await rm(join(path, 'modules.json'));
    const config = join(path, 'config.json');
    await writeFile(config, JSON.stringify({ ...(await json(config)), ...changes }));
    return readModelSpec(path);
  };

  it('is an encoder and nothing else, whatever files of a pipeline are left', async () => {
    await plain({});
    await writeFile(join(path, 'sentence_bert_config.json'), '{"max_seq_length": 8, "do_lower_case": true}');
    const settings = { pooling: 'mean', prompts: {}, similarity: 'cosine', normalize: false, dense: [] };
    expect(await readModelSpec(path)).toMatchObject({ ...settings, maxLength: 16, lowerCase: false });
  });

  it.each([
    [{ architectures: ['LlamaForCausalLM'] }, 'lasttoken'],
    [{ architectures: ['LlamaForCausalLM'], is_causal: false }, 'mean'],
    [{ architectures: ['BertForMaskedLM'] }, 'mean'],
    [{ architectures: null }, 'mean'],
  ])('with %j is pooled by %s', async (changes, pooling) => {
    expect((await plain(changes)).pooling).toBe(pooling);
  });
});

describe('what sentence-transformers loads', () => {
  const names = 'sentence_transformers.models';

  it('may have Dropout behind pooling, which is not written again', async () => {
    await cp(pipelinePath('max-mean-dense'), path, { recursive: true });
    const modules = JSON.parse(await readFile(join(path, 'modules.json'), 'utf8')) as Json[];
    const dropout = { type: `${names}.Dropout`, path: '9_Dropout' };
    const newer = { ...dropout, type: 'sentence_transformers.sentence_transformer.modules.dropout.Dropout' };
    await writeFile(join(path, 'modules.json'), JSON.stringify([...modules.slice(0, 2), dropout, modules[2], newer]));
    await mkdir(join(path, '9_Dropout'));
    await writeFile(join(path, '9_Dropout/config.json'), '{"dropout": 0.5}');
    expect(await readModelSpec(path)).toEqual(await readModelSpec(pipelinePath('max-mean-dense')));
    await rewrite(path, `${path}-again`);
    expect(await readFile(join(`${path}-again`, 'modules.json'), 'utf8')).not.toContain('Dropout');
    for (const [config, message] of [
      ['{"dropout": 2}', /9_Dropout\/config\.json: dropout is 2/],
      ['{"rate": 0.5}', /9_Dropout\/config\.json: rate is 0\.5/],
    ] as const) {
      await writeFile(join(path, '9_Dropout/config.json'), config);
      await expect(readModelSpec(path)).rejects.toThrow(message);
    }
    await writeFile(join(path, 'modules.json'), JSON.stringify([modules[0], dropout, ...modules.slice(1)]));
    await expect(readModelSpec(path)).rejects.toThrow(/type is \["Transformer","Dropout","Pooling","Dense"\]/);
  });

  it.each(['query', 'document'])('may name the prompt "%s" by default without an entry: it is empty', async (name) => {
    await cp(pipelinePath('cls-half'), path, { recursive: true });
    const file = { prompts: { passage: 'p: ' }, default_prompt_name: name };
    await writeFile(join(path, 'config_sentence_transformers.json'), JSON.stringify(file));
    const expected = { defaultPromptName: name, prompts: { passage: 'p: ', [name]: '' } };
    expect(await readModelSpec(path)).toMatchObject(expected);
    await rewrite(path, `${path}-again`);
    const written = await json(join(`${path}-again`, 'config_sentence_transformers.json'));
    expect(written).toMatchObject({ default_prompt_name: name, prompts: expected.prompts });
  });

  it('may have pickled dense layers only, which are refused with the remedy', async () => {
    await cp(pipelinePath('max-mean-dense'), path, { recursive: true });
    await rename(join(path, '2_Dense/model.safetensors'), join(path, '2_Dense/pytorch_model.bin'));
    const error = (await readModelFolder(path).catch((caught: unknown) => caught)) as Error;
    expect(error.message).toBe(`${join(path, '2_Dense')} has its weights in pytorch_model.bin only`);
    expect(error).toMatchObject({
      code: 'BAD_USER_INPUT',
      details: { field: 'pytorch_model.bin', remedy: expect.stringContaining('pickled weights are not read') },
    });
  });
});

describe('prompts of imported models', () => {
  it.each<[Json, object]>([
    [{}, { query: '', sts: '', passage: '' }],
    [{ query: 'q: ' }, { query: 'q: ', sts: 'q: ', passage: '' }],
    [
      { query: 'q: ', sts: 's: ', document: 'd: ' },
      { query: 'q: ', sts: 's: ', passage: 'd: ' },
    ],
    [
      { passage: 'p: ', document: 'd: ' },
      { query: '', sts: '', passage: 'p: ' },
    ],
    [
      { query: null, Query: 'Q: ' },
      { query: '', sts: '', passage: '' },
    ],
    [
      { query: '{task}: ', other: 'x' },
      { query: '{task}: ', sts: '{task}: ', passage: '' },
    ],
  ])('%j become templates', async (prompts, expected) => {
    await cp(pipelinePath('cls-half'), path, { recursive: true });
    await writeFile(join(path, 'config_sentence_transformers.json'), JSON.stringify({ prompts }));
    const spec = await readModelSpec(path);
    expect(spec.templates).toEqual(expected);
    expect(Object.keys(spec.prompts)).toEqual(Object.keys(prompts));
  });
});
