/**
 * Ids and pooled tokens equal those of sentence-transformers on hard strings (fixture with its origin and versions).
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseTokenizer } from '../../src/tokenizer/tokenizer.ts';

interface Golden {
  readonly maxLength: number;
  readonly tokenizer: unknown;
  readonly cases: readonly {
    readonly prompt: string;
    readonly text: string;
    readonly ids: readonly number[];
    readonly promptLength: number;
  }[];
}

describe('tokens as sentence-transformers gives them', () => {
  it('ids, truncation and prompt lengths are the same', async () => {
    const path = join(import.meta.dirname, '../fixtures/tokenizer/sentence-transformers-tokens.json');
    const golden = JSON.parse(await readFile(path, 'utf8')) as Golden;
    const tokenizer = await parseTokenizer(JSON.stringify(golden.tokenizer));
    const { cases, maxLength } = golden;
    expect(cases.length).toBeGreaterThan(100);
    const encoded = await tokenizer.encode(cases, { maxLength, includePrompt: false });
    const found = encoded.map(({ ids, poolStart }, i) => ({ ...cases[i], ids: [...ids], promptLength: poolStart }));
    expect(found).toEqual(cases);
  });
});
