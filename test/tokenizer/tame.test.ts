/** Which tokenizers encode in the thread itself, and that no text can end those. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isTame, knownPatterns } from '../../src/tokenizer/tame.ts';
import { parseTokenizer } from '../../src/tokenizer/tokenizer.ts';
import { tinyTokenizerJson } from '../formats/tiny-model.ts';
import { processorMs } from '../processor-time.ts';

const tiny = JSON.parse(tinyTokenizerJson) as Record<string, unknown>;
const withParts = (parts: object): string => JSON.stringify({ ...tiny, ...parts });
const split = (Regex: string, behavior = 'Isolated') => ({
  type: 'Split',
  pattern: { Regex },
  behavior,
  invert: false,
});
const replace = (pattern: object) => ({ type: 'Replace', pattern, content: ' ' });

describe('a tokenizer is tame', () => {
  it.each(['wordpiece', 'bpe-byte-level', 'bpe-byte-fallback', 'bpe-gpt2', 'bpe-modernbert', 'unigram'])(
    'of the kind %s',
    async (kind) => {
      const { tokenizer } = JSON.parse(
        await readFile(join(import.meta.dirname, `../fixtures/tokenizer/${kind}.json`), 'utf8'),
      ) as { tokenizer: unknown };
      expect(isTame(JSON.stringify(tokenizer))).toBe(true);
    },
  );

  it.each<[string, object]>([
    ['an unknown split', { pre_tokenizer: split('(a+)+$') }],
    ['one in a sequence', { pre_tokenizer: { type: 'Sequence', pretokenizers: [split('\\p{N}'), split('a|b')] } }],
    ['an unknown replacement', { normalizer: replace({ Regex: '(a+)+$' }) }],
    ['one in a sequence', { normalizer: { type: 'Sequence', normalizers: [replace({ Regex: '(a|a)*b' })] } }],
    ['an unknown map', { normalizer: { type: 'Precompiled', precompiled_charsmap: 'AAAA' } }],
  ])('but not with %s', (_, parts) => expect(isTame(withParts(parts))).toBe(false));

  it('with a replacement of plain text, and not where it cannot be read', () => {
    expect(isTame(withParts({ normalizer: replace({ String: '(a+)+$' }) }))).toBe(true);
    expect(isTame('{')).toBe(false);
  });
});

const long = (unit: string): string => unit.repeat(Math.ceil(1_000_000 / unit.length));
/** Runs that end where a pattern goes on hoping, each as long as a text may be. */
const hostile: Readonly<Record<string, string>> = {
  letters: `${long('a')}!`,
  capitals: `${long('A')}!`,
  'capitals and small letters': `${long('Aa')}!`,
  'letters without case': `${long('\u4e00')}!`,
  marks: `${long('a\u0301')}!`,
  digits: `${long('1')}!`,
  blanks: `${long(' ')}!`,
  'other blanks': `${long('\u00a0')}!`,
  'line ends': `${long('\n')}!`,
  'blanks and line ends': `${long(' \n')} !`,
  punctuation: `${long('!')}a`,
  'punctuation and line ends': `${long('!')}${long('\n')}a`,
  contractions: `${long("'s")}!`,
  'half contractions': `${long("'")}x`,
};

describe.each(knownPatterns)('the pattern %s', (pattern) => {
  const words = { type: 'WordLevel', vocab: { '[UNK]': 0 }, unk_token: '[UNK]' };
  const parts = { normalizer: null, pre_tokenizer: null, post_processor: null, added_tokens: [], model: words };

  it.each(Object.keys(hostile))('takes a million characters of %s', async (name) => {
    // What matches is removed: making a million tokens is not the question.
    const tokenizer = await parseTokenizer(withParts({ ...parts, pre_tokenizer: split(pattern, 'Removed') }));
    expect(await processorMs(() => tokenizer.tokenize([hostile[name]]))).toBeLessThan(20_000);
  });
});
