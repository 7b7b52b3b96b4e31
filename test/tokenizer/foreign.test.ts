/** What a tokenizer of another program is read as, beyond the ids that test/tokens/settings.test.ts compares. */
import { describe, expect, it } from 'vitest';
import type { ForeignTokenizer } from '../../src/tokenizer/foreign/types.ts';
import { wholeTokenizer } from '../../src/tokenizer/foreign/whole-tokenizer.ts';
import { bertTokenizer, specialTokens } from '../../src/tokenizer/wordpiece-json.ts';

const words = [...specialTokens, 'pump', 'oil'];
const vocabulary = Object.fromEntries(words.map((word, id) => [word, id]));
const names = { cls: '[CLS]', sep: '[SEP]', unk: '[UNK]', special: specialTokens };
const normalizer = {
  ...{ type: 'BertNormalizer', clean_text: true, handle_chinese_chars: true },
  ...{ strip_accents: null, lowercase: true },
};
const file = bertTokenizer(vocabulary, names, normalizer);

const settings = (changes: Partial<ForeignTokenizer> = {}): ForeignTokenizer => ({
  ...{ json: JSON.stringify(file), path: 'm/tokenizer.json', vocabulary: undefined, rows: words.length, cuts: true },
  ...{ modelType: 'bert', modelClass: undefined },
  config: { path: 'm/tokenizer_config.json', fields: {} },
  specialTokens: { path: 'm/special_tokens_map.json', fields: {} },
  addedTokens: { path: 'm/added_tokens.json', fields: {} },
  ...changes,
});
const config = (fields: Record<string, unknown>) => ({ config: { path: 'm/tokenizer_config.json', fields } });
const refusal = (changes: Partial<ForeignTokenizer>) => {
  try {
    wholeTokenizer(settings(changes));
  } catch (error) {
    expect(error).toMatchObject({ code: 'BAD_USER_INPUT' });
    return (error as Error).message;
  }
  return 'read';
};

describe('a tokenizer.json with the files beside it', () => {
  it('stays the same text where they change nothing', () => {
    const same = `  ${JSON.stringify(file)}\n`;
    const roles = { cls_token: '[CLS]', mask_token: { content: '[MASK]', lstrip: true } };
    const others = { addedTokens: { path: 'm/added_tokens.json', fields: { '[MASK]': 4 } } };
    expect(wholeTokenizer(settings({ json: same, ...config({ ...roles, do_lower_case: true }), ...others }))).toEqual({
      json: same,
      warnings: [],
    });
    const broken = { json: '{"model": ', warnings: [] };
    expect(wholeTokenizer(settings({ json: broken.json }))).toEqual(broken);
  });

  it('has tokens added with the ids that the vocabulary has, or that follow it', () => {
    const added = { content: 'oil', special: false, normalized: true };
    const read = wholeTokenizer(
      settings({ rows: 8, ...config({ added_tokens_decoder: { 6: added }, extra_special_tokens: ['<new>'] }) }),
    );
    const { added_tokens: tokens } = JSON.parse(read.json) as { added_tokens: Record<string, unknown>[] };
    const flags = { single_word: false, lstrip: false, rstrip: false };
    expect(tokens.slice(5)).toEqual([
      { id: 6, ...added, ...flags },
      { id: 7, content: '<new>', ...flags, normalized: false, special: true },
    ]);
    expect(read.warnings).toEqual([]);
  });

  it('leaves out tokens that the encoder has no row for, and names them', () => {
    const extra = Array.from({ length: 8 }, (_, i) => `<extra${i}>`);
    const { json, warnings } = wholeTokenizer(settings({ rows: 8, ...config({ extra_special_tokens: extra }) }));
    expect(JSON.parse(json).added_tokens.at(-1)).toMatchObject({ id: 7, content: '<extra0>' });
    expect(warnings).toEqual([expect.stringMatching(/add the tokens "<extra1>".*"<extra5>" and 2 more.*8 rows/)]);
  });

  it.each<[string, Record<string, unknown>, RegExp]>([
    [
      'a token after a text',
      { add_eos_token: true },
      /add_eos_token is true, but m\/tokenizer\.json adds no token after/,
    ],
    [
      'a token before a text',
      { add_bos_token: true },
      /add_bos_token is true, but m\/tokenizer\.json adds no .* before/,
    ],
    ['an unknown class', { tokenizer_class: 'OwnTokenizer' }, /the class OwnTokenizer may have settings of its own/],
    [
      'parts that BERT has not',
      { tokenizer_class: 'BertTokenizer' },
      /its normalizer and post_processor is not BERT's/,
    ],
  ])('warns of %s', (_, fields, message) => {
    const json = JSON.stringify({ ...file, normalizer: { type: 'Lowercase' }, post_processor: null });
    const given = { tokenizer_class: 'PreTrainedTokenizerFast', ...fields };
    expect(wholeTokenizer(settings({ json, ...config(given) })).warnings).toEqual([expect.stringMatching(message)]);
  });

  it.each<[string, object]>([
    ['TemplateProcessing', file.post_processor],
    ['BertProcessing', { type: 'BertProcessing', sep: ['[SEP]', 3], cls: ['[CLS]', 2] }],
    ['a sequence', { type: 'Sequence', processors: [{ type: 'ByteLevel' }, file.post_processor] }],
  ])('does not warn of tokens that %s adds', (_, processor) => {
    const json = JSON.stringify({ ...file, post_processor: processor });
    expect(
      wholeTokenizer(settings({ json, ...config({ add_eos_token: true, add_bos_token: true }) })).warnings,
    ).toEqual([]);
  });

  it('is refused by the name of its first token without a row', () => {
    const message = 'm/tokenizer.json: the token "oil" has the id 6, the encoder has 6 rows';
    expect(refusal({ rows: 6 })).toBe(message);
    const added = [...file.added_tokens, { ...file.added_tokens[0], id: 7, content: '<new>' }];
    expect(refusal({ json: JSON.stringify({ ...file, added_tokens: added }) })).toMatch(
      /the token "<new>" has the id 7/,
    );
    const list = {
      type: 'Unigram',
      vocab: [
        ['<unk>', 0],
        ['a', -1],
      ],
    };
    expect(refusal({ rows: 1, json: JSON.stringify({ ...file, added_tokens: [], model: list }) })).toMatch(
      /the token "a" has the id 1/,
    );
  });

  it.each<[Record<string, unknown>, RegExp]>([
    [{ do_lower_case: 'no' }, /do_lower_case is "no"/],
    [{ tokenizer_class: 7 }, /tokenizer_class is 7/],
    [{ cls_token: 7 }, /cls_token is 7/],
    [{ extra_special_tokens: 'x' }, /extra_special_tokens is "x"/],
    [{ additional_special_tokens: [7] }, /additional_special_tokens is 7/],
    [{ added_tokens_decoder: [] }, /added_tokens_decoder is \[\]/],
    [{ added_tokens_decoder: { 3: 'x', 4: { id: 4 } } }, /added_tokens_decoder\.4 is \{"id":4\}/],
  ])('is refused with %j', (fields, message) => {
    expect(refusal(config(fields))).toMatch(message);
  });

  it('may cut at the start where nothing is cut', () => {
    const json = JSON.stringify({ ...file, truncation: { direction: 'Left' } });
    expect(refusal({ json })).toMatch(/truncation\.direction is "Left"/);
    expect(wholeTokenizer(settings({ json, cuts: false }))).toEqual({ json, warnings: [] });
    const read = wholeTokenizer(settings({ json, ...config({ truncation_side: 'right' }) }));
    expect(JSON.parse(read.json).truncation).toEqual({ direction: 'Right' });
  });

  it('is refused with other files that are damaged', () => {
    expect(refusal({ addedTokens: { path: 'm/added_tokens.json', fields: { x: 'y' } } })).toMatch(
      /added_tokens\.json: x is/,
    );
    expect(refusal({ json: '{"added_tokens": {}}' })).toMatch(/added_tokens is \{\}/);
    expect(refusal({ json: '{"added_tokens": [{"id": 1}]}' })).toMatch(/added_tokens\[0\] is \{"id":1\}/);
  });
});

it('of ModernBERT has no class, whatever it names', () => {
  const cased = config({ tokenizer_class: 'BertTokenizer', do_lower_case: false });
  const { json } = settings();
  expect(wholeTokenizer(settings({ modelType: 'modernbert', ...cased }))).toEqual({ json, warnings: [] });
  expect(JSON.parse(wholeTokenizer(settings(cased)).json).normalizer.lowercase).toBe(false);
});

describe('a vocab.txt without tokenizer.json', () => {
  const text = `${words.join('\n')}\r\n`;

  it('is a BERT tokenizer', () => {
    const { json, warnings } = wholeTokenizer(settings({ json: undefined, vocabulary: text }));
    expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(file)));
    expect(warnings).toEqual([]);
  });

  it('counts the last line of a token, and takes roles from the files beside it', () => {
    const roles = { specialTokens: { path: '', fields: { unk_token: { content: 'oil' } } } };
    const read = wholeTokenizer(settings({ json: undefined, vocabulary: `${text}pump\n`, rows: 8, ...roles }));
    const { model, added_tokens: tokens } = JSON.parse(read.json) as typeof file;
    expect([model.vocab['pump'], model.unk_token]).toEqual([7, 'oil']);
    expect(tokens.map(({ content }) => content)).toEqual(['[PAD]', '[CLS]', '[SEP]', '[MASK]', 'oil']);
  });

  it('is refused without its special tokens, and for other classes than BERT', () => {
    expect(refusal({ json: undefined, vocabulary: 'pump\n' })).toBe('m/vocab.txt: the token "[CLS]" is missing');
    expect(refusal({ json: undefined, vocabulary: text, modelType: 'roberta' })).toBe(
      'm/tokenizer.json: the file is missing',
    );
    expect(refusal({ json: undefined })).toBe('m/tokenizer.json: the file is missing');
  });
});
