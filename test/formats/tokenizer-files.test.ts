import { describe, expect, it } from 'vitest';
import { tokenizerFiles } from '../../src/formats/tokenizer-files.ts';

describe('settings of an imported tokenizer', () => {
  const token = (id: number, content: string) => ({ id, content });
  const json = JSON.stringify({ added_tokens: [token(7, '<|end|>'), token(8, '<s>'), token(9, '<pad>')] });

  it('keep the roles of its tokens, and what transformers must know', () => {
    const settings = {
      config: { pad_token: '<|end|>', eos_token: { content: '<|end|>' }, padding_side: 'left', mask_token: '<gone>' },
      specialTokens: { bos_token: '<s>', pad_token: '<pad>' },
    };
    const files = tokenizerFiles('tokenizer.json', json, 24, settings);
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

  it.each([
    ['alone', { type: 'ByteLevel', add_prefix_space: true }, true],
    ['in a sequence', { type: 'Sequence', pretokenizers: [{ type: 'ByteLevel', add_prefix_space: true }] }, true],
    ['without the space', { type: 'ByteLevel', add_prefix_space: false }, undefined],
  ])('say that byte-level BPE, %s, puts a space before a text', (_, pre_tokenizer, expected) => {
    const { config } = tokenizerFiles('tokenizer.json', JSON.stringify({ pre_tokenizer }), 24);
    expect(config['add_prefix_space']).toBe(expected);
  });

  it('are guessed by the usual texts where the files do not name them', () => {
    const { specialTokens } = tokenizerFiles('tokenizer.json', json, 24);
    expect(specialTokens).toEqual({ cls_token: '<s>', pad_token: '<pad>' });
  });
});
