import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { piecesOf, readTexts } from '../../src/cli/texts-file.ts';
import { temporaryFolder } from '../temporary-folder.ts';

describe('a file of texts', () => {
  const folder = temporaryFolder();

  it('gives the strings as they stand', async () => {
    const path = join(folder(), 'texts.json');
    const texts = ['', ' a\0 ', '\ud800', '😀', 'é'];
    await writeFile(path, `\ufeff${JSON.stringify(texts)}`);
    expect(await readTexts(path)).toEqual(texts);
  });

  it.each([
    ['{"a": 1}', 'holds no array'],
    ['["a", null]', 'holds null at place 1, which is no string'],
    ['["a"', 'is no JSON'],
    [Buffer.from([0x5b, 0x22, 0xff, 0x22, 0x5d]), 'is no JSON'],
  ])('refuses %s', async (content, message) => {
    const path = join(folder(), 'wrong.json');
    await writeFile(path, content);
    await expect(readTexts(path)).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      message: expect.stringContaining(message),
      details: { field: '--texts' },
    });
  });

  it('is cut into pieces by number and by length', () => {
    expect(piecesOf([])).toEqual([]);
    expect(piecesOf(['a', 'b', 'c'], { most: 2, units: 9 })).toEqual([['a', 'b'], ['c']]);
    expect(piecesOf(['aaa', 'bb', 'cccccccc', '', 'd'], { most: 9, units: 5 })).toEqual([
      ['aaa', 'bb'],
      ['cccccccc'],
      ['', 'd'],
    ]);
  });
});
