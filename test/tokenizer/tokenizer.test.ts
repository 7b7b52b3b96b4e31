import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadTokenizer } from '../../src/tokenizer/open.ts';
import { parseTokenizer, type Tokenizer } from '../../src/tokenizer/tokenizer.ts';
import { tinyTokenizerJson } from '../formats/tiny-model.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const [unk, cls, sep, pump, leak, oil, find, colon, query, s] = [1, 2, 3, 5, 6, 7, 8, 9, 10, 11];
const [a, pieceB] = [13, 14];
const wide = { maxLength: 16, includePrompt: false };

describe('tokenizer', () => {
  const folder = temporaryFolder();
  let tokenizer: Tokenizer;
  beforeAll(async () => {
    tokenizer = await parseTokenizer(tinyTokenizerJson);
  });
  const encode = async (prompt: string, text: string, options = wide) => {
    const [{ ids, ...rest }] = await tokenizer.encode([{ prompt, text }], options);
    return { ids: [...ids], ...rest };
  };

  it('gives ids with special tokens', async () => {
    expect(tokenizer.vocabularySize).toBe(17);
    expect(tokenizer.specialTokens).toBe(2);
    const plain = { ids: [cls, pump, s, leak, sep], poolStart: 0, truncated: false };
    expect(await encode('', 'Pumps LEAK')).toEqual(plain);
    expect(await encode('', 'zebra [SEP]')).toEqual({ ids: [cls, unk, sep, sep], poolStart: 0, truncated: false });
    expect(await encode('', '')).toEqual({ ids: [cls, sep], poolStart: 0, truncated: false });
  });

  it('pools what follows the prompt, and everything without one or where the prompt is included', async () => {
    const text = 'pump leak';
    const ids = [cls, find, query, colon, pump, leak, sep];
    expect(await encode('find query: ', text)).toEqual({ ids, poolStart: 4, truncated: false });
    expect(await encode('find query: ', text, { ...wide, includePrompt: true })).toMatchObject({ ids, poolStart: 0 });
    expect(await encode('', `find query: ${text}`)).toMatchObject({ ids, poolStart: 0 });
    // The ending token is pooled: a prompt alone leaves it.
    expect(await encode('find query: ', '')).toMatchObject({ ids: [cls, find, query, colon, sep], poolStart: 4 });
  });

  it('knows a prompt still after very many others', async () => {
    const prompt = (number: number): string => `${'find '.repeat(1 + (number % 3))}x${number}: `;
    const texts = Array.from({ length: 10_240 }, (_, number) => ({ prompt: prompt(number), text: 'oil' }));
    await tokenizer.encode(texts, wide);
    const poolStart = async (...numbers: number[]): Promise<number[]> => {
      const found = await tokenizer.encode(
        numbers.map((number) => ({ prompt: prompt(number), text: 'oil' })),
        wide,
      );
      return found.map((encoded) => encoded.poolStart);
    };
    const [known] = await poolStart(1);
    expect(known).toBeGreaterThan(1);
    expect((await poolStart(1, 20_000))[0]).toBe(known);
  });

  it('cuts long texts at their end and keeps the special tokens', async () => {
    const text = 'pump leak oil pump leak oil';
    const cut = { ids: [cls, pump, leak, sep], poolStart: 0, truncated: true };
    expect(await encode('', text, { ...wide, maxLength: 4 })).toEqual(cut);
    const whole = { ids: [cls, pump, leak, oil, pump, leak, oil, sep], poolStart: 0, truncated: false };
    expect(await encode('', text, { ...wide, maxLength: 8 })).toEqual(whole);
    expect(await encode('', text)).toEqual(whole);
    // A prompt that fills everything leaves the ending token.
    const filled = { ids: [cls, find, query, sep], poolStart: 3, truncated: true };
    expect(await encode('find query: ', text, { ...wide, maxLength: 4 })).toEqual(filled);
  });

  it('refuses a text of which no token is left to pool', async () => {
    const withoutEnd = JSON.parse(tinyTokenizerJson) as { post_processor: { single: unknown[] } };
    withoutEnd.post_processor.single.pop();
    const open = await parseTokenizer(JSON.stringify(withoutEnd));
    const refused = open.encode(
      [
        { prompt: '', text: 'oil' },
        { prompt: 'find query: ', text: 'pump leak' },
      ],
      { maxLength: 4, includePrompt: false },
    );
    await expect(refused).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      message: 'No token is left to pool of text 1, "pump leak"',
      details: { field: 'texts[1]' },
    });
  });

  it('refuses lengths without room for text', async () => {
    for (const maxLength of [2, 0, -1, 3.5, Number.NaN]) {
      await expect(encode('', 'oil', { ...wide, maxLength })).rejects.toMatchObject({
        code: 'BAD_USER_INPUT',
        details: { field: 'maxLength' },
      });
    }
    expect(await encode('', 'oil', { ...wide, maxLength: 3 })).toMatchObject({ ids: [cls, oil, sep] });
  });

  it('answers calls that overlap with different lengths as if they came alone', async () => {
    const text = 'pump leak oil '.repeat(40);
    const texts = Array.from({ length: 150 }, (_, i) => ({ prompt: i % 2 ? 'find query: ' : '', text }));
    const lengths = [5, 9, 3, 100, 7];
    const together = await Promise.all(lengths.map((maxLength) => tokenizer.encode(texts, { ...wide, maxLength })));
    lengths.forEach((maxLength, i) => {
      expect(together[i]).toHaveLength(150);
      expect(together[i].every(({ ids }) => ids.length === maxLength)).toBe(true);
      expect(together[i].every(({ truncated }) => truncated)).toBe(true);
      expect(together[i][149].poolStart).toBe(Math.min(4, maxLength - 1));
    });
  });

  it('answers a short call in between the texts of a long one', async () => {
    const long = Array.from({ length: 3 }, () => 'oil '.repeat(63_000));
    const ended: string[] = [];
    const calls = [
      tokenizer.tokenize(long).then(() => ended.push('long')),
      tokenizer
        .encode(
          long.map((text) => ({ prompt: 'find: ', text })),
          wide,
        )
        .then(() => ended.push('cut')),
      tokenizer.encode([{ prompt: 'find: ', text: 'oil' }], wide).then(() => ended.push('short')),
    ];
    await Promise.all(calls);
    expect(ended[0]).toBe('short');
  });

  it('gives offsets in code points, without truncation', async () => {
    const [{ ids, offsets }] = await tokenizer.tokenize(['😀 Pumps\0 [SEP] ab']);
    expect([...ids]).toEqual([cls, unk, pump, s, sep, a, pieceB, sep]);
    expect(offsets).toEqual([
      [0, 0],
      [0, 1],
      [2, 6],
      [6, 7],
      [9, 14],
      [15, 16],
      [16, 17],
      [0, 0],
    ]);
    const long = await tokenizer.tokenize(['oil '.repeat(3000), '\ud800 oil']);
    expect(long.map((tokens) => tokens.ids.length)).toEqual([3002, 3]);
  });

  it('reads files, overrides their truncation and padding, and names what it cannot read', async () => {
    const path = join(folder(), 'tokenizer.json');
    const truncation = { direction: 'Right', max_length: 3, strategy: 'LongestFirst', stride: 0 };
    const padding = { strategy: { Fixed: 9 }, direction: 'Right', pad_id: 0, pad_type_id: 0, pad_token: '[PAD]' };
    await writeFile(path, JSON.stringify({ ...JSON.parse(tinyTokenizerJson), truncation, padding }));
    const loaded = await loadTokenizer(path);
    expect(loaded.specialTokens).toBe(2);
    const [{ ids }] = await loaded.encode([{ prompt: '', text: 'oil leak oil' }], wide);
    expect([...ids]).toEqual([cls, oil, leak, oil, sep]);
    await writeFile(path, '{"version":"1.0"}');
    const problem = { code: 'BAD_USER_INPUT', message: expect.stringContaining(path) };
    await expect(loadTokenizer(path)).rejects.toMatchObject(problem);
    await expect(loadTokenizer(`${path}.absent`)).rejects.toMatchObject(problem);
  });

  it('says which tokenizer knows no token for a piece of a text', async () => {
    const file = JSON.parse(tinyTokenizerJson) as { model: { vocab: Record<string, number> } };
    const { '[UNK]': _unknown, ...vocab } = file.model.vocab;
    const json = JSON.stringify({
      ...file,
      added_tokens: [],
      post_processor: null,
      model: { ...file.model, vocab },
    });
    const without = await parseTokenizer(json, 'here/tokenizer.json');
    await expect(without.tokenize(['oil zebra'])).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      message: expect.stringMatching(/^The tokenizer here\/tokenizer.json cannot encode a text: .*UNK/),
    });
  });
});
