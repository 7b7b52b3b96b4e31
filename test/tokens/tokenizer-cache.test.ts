/** Which tokenizers stay in memory. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { TokenizerCache } from '../../src/tokens/tokenizer-cache.ts';
import { temporaryFolder } from '../temporary-folder.ts';

describe('the cache of tokenizers', () => {
  const folder = temporaryFolder();
  let text: string;
  const file = (name: string): string => join(folder(), `${name}.json`);
  beforeAll(async () => {
    const fixture = join(import.meta.dirname, '../fixtures/tokenizer/bpe-byte-level.json');
    text = JSON.stringify(JSON.parse(await readFile(fixture, 'utf8')).tokenizer);
    for (const name of ['a', 'b', 'c']) await writeFile(file(name), text);
  });

  it('keeps those that were used last, and no more than its limit', async () => {
    const cache = new TokenizerCache(2);
    const [a, again, b] = [await cache.ofFile(file('a')), await cache.ofFile(file('a')), await cache.ofFile(file('b'))];
    expect(again).toBe(a);
    expect(await cache.ofFile(file('a'))).toBe(a);
    await cache.ofFile(file('c'));
    expect(await cache.ofFile(file('a'))).toBe(a);
    expect(await cache.ofFile(file('b'))).not.toBe(b);
  });

  it('loads a file again that changed, and one that could not be loaded', async () => {
    const cache = new TokenizerCache();
    const path = file('changing');
    await writeFile(path, '{"version":"1.0"}');
    await expect(cache.ofFile(path)).rejects.toThrow('tokenizer');
    await writeFile(path, text);
    const first = await cache.ofFile(path);
    await writeFile(path, `${text}\n`);
    expect(await cache.ofFile(path)).not.toBe(first);
  });
});
