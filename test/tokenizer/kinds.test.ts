/**
 * Every kind of tokenizer.json gives the ids and code-point offsets of Python's tokenizers
 * (test/fixtures/make_tokenizers.py).
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseTokenizer, type Tokenizer } from '../../src/tokenizer/tokenizer.ts';

interface Golden {
  readonly tokenizer: unknown;
  readonly tokens: readonly (readonly [ids: readonly number[], offsets: readonly number[]])[];
  readonly truncated: Readonly<Record<string, readonly (readonly number[])[]>>;
  readonly prompts: readonly {
    readonly prompt: string;
    readonly text: string;
    readonly ids: readonly number[];
    readonly promptLength: number;
  }[];
}

const fixture = async (name: string): Promise<unknown> =>
  JSON.parse(await readFile(join(import.meta.dirname, '../fixtures/tokenizer', `${name}.json`), 'utf8'));

/** With the number of tokens that the template adds. */
const kinds = [
  ['wordpiece', 2],
  ['wordpiece-cased', 2],
  ['wordpiece-own', 2],
  ['bpe-byte-level', 1],
  ['bpe-gpt2', 2],
  ['bpe-byte-fallback', 1],
  ['bpe-byte-fallback-metaspace', 1],
  ['unigram', 2],
  ['bpe-modernbert', 2],
] as const;

describe.each(kinds)('a tokenizer.json of the kind %s', (kind, specialTokens) => {
  let strings: readonly string[];
  let golden: Golden;
  let tokenizer: Tokenizer;
  beforeAll(async () => {
    strings = (await fixture('hard-strings')) as readonly string[];
    golden = (await fixture(kind)) as Golden;
    tokenizer = await parseTokenizer(JSON.stringify(golden.tokenizer), kind);
  });

  it('gives equal ids and offsets, without truncation and padding', async () => {
    expect(tokenizer.specialTokens).toBe(specialTokens);
    expect(strings.length).toBeGreaterThan(350);
    const found = (await tokenizer.tokenize(strings)).map(({ ids, offsets }, i) => [
      strings[i],
      [...ids],
      offsets.flat(),
    ]);
    expect(found).toEqual(golden.tokens.map(([ids, offsets], i) => [strings[i], ids, offsets]));
  });

  it('cuts at a length and keeps the special tokens', async () => {
    const texts = strings
      .map((text, i) => ({ text, whole: golden.tokens[i][0] }))
      .filter(({ whole }) => whole.length > 0);
    for (const [length, expected] of Object.entries(golden.truncated)) {
      const maxLength = Number(length);
      const inputs = texts.map(({ text }) => ({ prompt: '', text }));
      const found = await tokenizer.encode(inputs, { maxLength, includePrompt: true });
      expect(found.map(({ ids }) => [...ids])).toEqual(expected.filter((ids) => ids.length > 0));
      expect(found.map(({ truncated }) => truncated)).toEqual(texts.map(({ whole }) => whole.length > maxLength));
    }
  });

  it('pools what follows the prompt', async () => {
    const pooled = golden.prompts.filter(({ ids, promptLength }) => promptLength < ids.length);
    const none = golden.prompts.filter(({ ids, promptLength }) => promptLength >= ids.length);
    const options = { maxLength: 512, includePrompt: false };
    const found = await tokenizer.encode(pooled, options);
    expect(found.map(({ ids, poolStart }) => [[...ids], poolStart])).toEqual(
      pooled.map(({ ids, promptLength }) => [ids, promptLength]),
    );
    for (const source of none) {
      await expect(tokenizer.encode([source], options)).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
    }
  });
});
