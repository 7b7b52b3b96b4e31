import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { HashIndex, textId } from '../../src/data/hash-index.ts';
import { lineByteLimit, readLines } from '../../src/data/lines.ts';
import { ImportNotes } from '../../src/data/problems.ts';
import { RandomStream } from '../../src/random/keyed.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { all } from './import-helpers.ts';

const folder = temporaryFolder();

describe('readLines', () => {
  it('gives lines, numbers and places across the pieces that are read', async () => {
    const random = new RandomStream(1);
    const texts = Array.from({ length: 400 }, (_, n) => '中😀é'.repeat(random.below(n % 50 === 0 ? 60_000 : 300)) + n);
    const path = join(folder(), 'many.txt');
    const content = Buffer.from(`\ufeff${texts.map((text, n) => text + (n % 3 === 0 ? '\r\n' : '\n')).join('')}`);
    await writeFile(path, content);
    const lines = await all(readLines(path, new ImportNotes()));
    expect(lines.map(({ text }) => text)).toEqual(texts);
    expect(lines.map(({ number }) => number)).toEqual(texts.map((_, n) => n + 1));
    for (const { offset, bytes, text } of lines) expect(content.toString('utf8', offset, offset + bytes)).toBe(text);
  });

  it('refuses a line that would fill the memory', async () => {
    const path = join(folder(), 'endless.txt');
    const file = await open(path, 'w');
    await file.truncate(lineByteLimit + 2 ** 20);
    await file.close();
    await expect(all(readLines(path, new ImportNotes()))).rejects.toThrow('a line of more than 64 MiB');
  });
});

describe('HashIndex', () => {
  it('numbers distinct texts in order of arrival, however many', () => {
    const index = new HashIndex();
    for (let round = 0; round < 2; round++) {
      for (let n = 0; n < 5000; n++) expect(index.add('text', String(n))).toEqual({ index: n, isNew: round === 0 });
    }
    expect(index.size).toBe(5000);
  });

  it('keeps parts apart', () => {
    const index = new HashIndex();
    const numbers = [['a', 'b'], ['ab', ''], ['ab'], ['a","b']].map((parts) => index.add(...parts).index);
    expect(numbers).toEqual([0, 1, 2, 3]);
    expect(textId('', '', 'salt')).toMatch(/^[0-9a-f]{24}$/);
    expect(textId('', '', 'salt')).not.toBe(textId('', 'salt', ''));
  });
});
