/** Settings of foreign folders that would change vectors and are not computed, and those that change nothing. */
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { readModelFolder, readModelSpec } from '../../src/formats/model-folder.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { pipelinePath } from './pipelines.ts';

const folder = temporaryFolder();
let models = 0;
let path = '';
beforeEach(() => {
  path = join(folder(), String(models++));
});

type Json = Record<string, unknown>;

describe('what would change vectors and is not computed is refused by name', () => {
  const pooling = '1_Pooling/config.json';
  const bert = 'sentence_bert_config.json';
  const prompts = 'config_sentence_transformers.json';
  it.each<[string, Json, RegExp]>([
    [
      'modules.json',
      { 1: { type: 'sentence_transformers.models.WeightedLayerPooling', path: 'x' } },
      /\[1\]\.type is "sentence_transformers\.models\.WeightedLayerPooling"/,
    ],
    ['modules.json', { 1: { type: 'my_package.Pooling', path: 'x' } }, /\[1\]\.type is "my_package\.Pooling"/],
    [
      'modules.json',
      { 1: { type: 'sentence_transformers.models.Normalize', path: 'x' } },
      /type is \["Transformer","Normalize","Dense"\]/,
    ],
    [
      'modules.json',
      { 2: { type: 'sentence_transformers.models.Dense', path: '/2_Dense' } },
      /\[2\]\.path is "\/2_Dense"/,
    ],
    [pooling, { pooling_mode: 'attention' }, /pooling_mode is "attention"/],
    [pooling, { pooling_mode: ['mean', 'mean'] }, /pooling_mode is \["mean","mean"\]/],
    [pooling, { pooling_mode_max_tokens: 1 }, /pooling_mode_max_tokens is 1/],
    [pooling, { pooling_mode_new: true }, /pooling_mode_new is true/],
    [pooling, { include_prompt: 'no' }, /include_prompt is "no"/],
    [pooling, { word_embedding_dimension: 17 }, /hidden_size is 16/],
    [
      '2_Dense/config.json',
      { activation_function: 'torch.nn.modules.activation.ReLU' },
      /activation_function is "torch\.nn\.modules\.activation\.ReLU"/,
    ],
    ['2_Dense/config.json', { in_features: 16 }, /in_features is 16/],
    ['2_Dense/config.json', { out_features: 8 }, /tensor linear\.weight has the shape \[9,32\]/],
    ['2_Dense/config.json', { bias: false }, /tensor linear\.bias is no parameter/],
    ['2_Dense/config.json', { use_residual: true }, /use_residual is true/],
    ['2_Dense/config.json', { module_input_name: 'token_embeddings' }, /module_input_name is "token_embeddings"/],
    ['2_Dense/config.json', { dropout: 0.1 }, /dropout is 0\.1/],
    [bert, { do_lower_case: 1 }, /do_lower_case is 1/],
    [bert, { query_length: 32 }, /query_length is 32/],
    [bert, { transformer_task: 'fill-mask' }, /transformer_task is "fill-mask"/],
    [bert, { modality_config: { text: { method: 'get_text_features' } } }, /modality_config is/],
    [
      bert,
      {
        modality_config: {
          text: { method: 'forward', method_output_name: 'last_hidden_state' },
          message: { method: 'forward', method_output_name: 'last_hidden_state', format: 'flat' },
        },
      },
      /modality_config has a modality "message".*chat template/,
    ],
    [bert, { model_args: { add_pooling_layer: false, is_causal: true } }, /model_args\.is_causal/],
    [bert, { tokenizer_name_or_path: 'other' }, /tokenizer_name_or_path is "other"/],
    [bert, { chunking: true }, /chunking is true/],
    ['tokenizer_config.json', { truncation_side: 'left' }, /truncation_side is "left"/],
    [prompts, { truncate_dim: 4 }, /truncate_dim is 4/],
    [prompts, { model_type: 'SparseEncoder' }, /model_type is "SparseEncoder"/],
    [prompts, { similarity_fn_name: 'maxsim' }, /similarity_fn_name is "maxsim"/],
    [prompts, { default_prompt_name: 'absent' }, /default_prompt_name is "absent"/],
    [prompts, { prompts: ['query'] }, /prompts is not a map/],
  ])('%s: %j', async (file, changes, message) => {
    await cp(pipelinePath('max-mean-dense'), path, { recursive: true });
    const found = JSON.parse(await readFile(join(path, file), 'utf8')) as Json;
    const changed = Array.isArray(found) ? Object.assign([...found], changes) : { ...found, ...changes };
    await writeFile(join(path, file), JSON.stringify(changed));
    const error = (await readModelFolder(path).catch((caught: unknown) => caught)) as Error & { code: string };
    expect(error.message).toMatch(message);
    expect(error).toMatchObject({ code: 'BAD_USER_INPUT' });
    expect(error.message).toContain(path);
  });

  it('accepts settings that change nothing', async () => {
    await cp(pipelinePath('max-mean-dense'), path, { recursive: true });
    const harmless = {
      model_args: { add_pooling_layer: false },
      unpad_inputs: true,
      query_length: null,
      max_seq_length: 24,
    };
    await writeFile(join(path, bert), JSON.stringify(harmless));
    await writeFile(join(path, pooling), '{"word_embedding_dimension": 16, "pooling_mode": ["max", "mean"]}');
    expect(await readModelSpec(path)).toMatchObject({ pooling: ['max', 'mean'], includePrompt: true });
  });
});
