import { describe, expect, it } from 'vitest';
import { tokenizerFiles } from '../../src/formats/tokenizer-files.ts';
import type { EncoderFamily } from '../../src/model/families/catalog.ts';
import { parameterName } from '../../src/model/tensor-names.ts';

describe('names in files of other programs', () => {
  it.each<[EncoderFamily, string, string | undefined]>([
    ['bert', 'bert.encoder.layer.0.output.dense.bias', 'encoder.layer.0.output.dense.bias'],
    ['bert', 'embeddings.LayerNorm.gamma', 'embeddings.LayerNorm.weight'],
    ['bert', 'cls.predictions.transform.LayerNorm.weight', undefined],
    ['bert', 'bert.pooler.dense.bias', undefined],
    ['bert', 'roberta.embeddings.LayerNorm.weight', 'roberta.embeddings.LayerNorm.weight'],
    ['xlm-roberta', 'roberta.embeddings.LayerNorm.weight', 'embeddings.LayerNorm.weight'],
    ['xlm-roberta', 'camembert.encoder.layer.1.output.LayerNorm.beta', 'encoder.layer.1.output.LayerNorm.bias'],
    ['xlm-roberta', 'roberta.embeddings.position_ids', undefined],
    ['xlm-roberta', 'lm_head.layer_norm.weight', undefined],
    ['modernbert', 'model.layers.0.attn.Wqkv.weight', 'layers.0.attn.Wqkv.weight'],
    ['modernbert', 'layers.0.attn.Wqkv.weight', 'layers.0.attn.Wqkv.weight'],
    ['modernbert', 'head.dense.weight', undefined],
    ['modernbert', 'decoder.bias', undefined],
    ['llama', 'model.embed_tokens.weight', 'embed_tokens.weight'],
    ['llama', 'model.layers.1.self_attn.rotary_emb.inv_freq', undefined],
    ['llama', 'lm_head.weight', undefined],
    ['qwen3', 'model.layers.0.self_attn.q_norm.weight', 'layers.0.self_attn.q_norm.weight'],
    ['qwen3', 'norm.weight', 'norm.weight'],
    ['qwen3', 'score.weight', undefined],
  ])('%s: %s', (family, name, parameter) => {
    expect(parameterName(family, name)).toBe(parameter);
  });
});

describe('settings of an imported tokenizer', () => {
  const token = (id: number, content: string) => ({ id, content });
  const json = JSON.stringify({ added_tokens: [token(7, '<|end|>'), token(8, '<s>'), token(9, '<pad>')] });

  it('keep the roles of its tokens, and what transformers must know', () => {
    const settings = {
      config: { pad_token: '<|end|>', eos_token: { content: '<|end|>' }, padding_side: 'left', mask_token: '<gone>' },
      specialTokens: { bos_token: '<s>', pad_token: '<pad>' },
    };
    const files = tokenizerFiles('tokenizer.json', json, 24, settings);
    expect(files.padTokenId).toBe(7);
    expect(files.specialTokens).toEqual({
      bos_token: '<s>',
      cls_token: '<s>',
      eos_token: '<|end|>',
      pad_token: '<|end|>',
    });
    expect(files.config).toEqual({
      clean_up_tokenization_spaces: true,
      model_max_length: 24,
      padding_side: 'left',
      tokenizer_class: 'PreTrainedTokenizerFast',
      ...files.specialTokens,
    });
  });

  it('are guessed by the usual texts where nothing is told', () => {
    const { specialTokens, padTokenId } = tokenizerFiles('tokenizer.json', json, 24);
    expect([specialTokens, padTokenId]).toEqual([{ cls_token: '<s>', pad_token: '<pad>' }, 9]);
  });
});
