/** Files that the native library ends its process over are refused by a process of their own. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { beforeAll, describe, expect, it } from 'vitest';
import { workerEntry } from '../../src/assets.ts';
import { tryTokenizer } from '../../src/tokenizer/trial.ts';
import type { CpuCommands } from '../../workers/protocol.ts';
import { connect } from '../../workers/runtime.ts';
import { tinyTokenizerJson } from '../formats/tiny-model.ts';
import { temporaryFolder } from '../temporary-folder.ts';

type Json = Record<string, unknown>;

const tiny = JSON.parse(tinyTokenizerJson) as Json & { readonly added_tokens: readonly Json[] };
const begin = { SpecialToken: { id: '[CLS]', type_id: 0 } };
const template = {
  type: 'TemplateProcessing',
  single: [begin, { Sequence: { id: 'A', type_id: 0 } }, begin],
  pair: [{ Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 1 } }],
  special_tokens: { '[CLS]': { id: '[CLS]', ids: [2], tokens: ['[CLS]'] } },
};
const added = (id: number, content: string, sides: Json): Json => ({
  ...{ id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: false },
  ...sides,
});
const merges = { type: 'BPE', vocab: { a: 0, b: 1, ab: 2 }, merges: ['a b'], continuing_subword_prefix: '##' };

const broken: Readonly<Record<string, Json>> = {
  'no base64 as the character map': { normalizer: { type: 'Precompiled', precompiled_charsmap: '!!' } },
  'a character map that is cut off': { normalizer: { type: 'Precompiled', precompiled_charsmap: 'AAAAAA==' } },
  'merges without the prefix of the model': { model: merges },
  'a template upon a template': { post_processor: { type: 'Sequence', processors: [template, template] } },
  'added tokens that take the same blank': {
    added_tokens: [...tiny.added_tokens, added(17, '<r>', { rstrip: true }), added(18, '\n', { lstrip: true })],
  },
};

describe('the trial of a tokenizer.json', () => {
  const folder = temporaryFolder();
  beforeAll(() => writeFile(join(folder(), 'tokenizer.json'), tinyTokenizerJson));

  it('passes what works, and what loading refuses by name', async () => {
    const path = join(folder(), 'tokenizer.json');
    await tryTokenizer(path);
    const other = join(folder(), 'other.json');
    await writeFile(other, '{"version":"1.0"}');
    await tryTokenizer(other);
    const { tokenizer } = JSON.parse(
      await readFile(join(import.meta.dirname, '../fixtures/tokenizer/unigram.json'), 'utf8'),
    ) as { tokenizer: unknown };
    await writeFile(other, JSON.stringify(tokenizer));
    await tryTokenizer(other);
  });

  it.each(Object.entries(broken))('refuses %s', async (name, change) => {
    const path = join(folder(), `${name}.json`);
    await writeFile(path, JSON.stringify({ ...tiny, ...change }));
    await expect(tryTokenizer(path)).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      message: expect.stringMatching(/^The tokenizer .* cannot be used: \S/),
      details: { field: path, remedy: expect.any(String) },
    });
  });

  it('keeps the CPU thread from such a file, and sees that a file was changed', async () => {
    const cpu = connect<CpuCommands>(new Worker(workerEntry('cpu')), 'CPU');
    const tokenize = async (): Promise<number[]> => {
      const input = { storageRoot: folder(), source: { folder: folder() }, texts: ['oil leak'] };
      return [...(await cpu.call('tokenizeWhole', input)).ids];
    };
    const path = join(folder(), 'tokenizer.json');
    try {
      expect(await tokenize()).toEqual([2, 7, 6, 3]);
      await writeFile(path, JSON.stringify({ ...tiny, ...broken['a template upon a template'] }));
      await expect(tokenize()).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
      await writeFile(path, JSON.stringify({ ...tiny, post_processor: template }));
      expect(await tokenize()).toEqual([2, 7, 6, 2]);
    } finally {
      await cpu.close();
    }
  });
});
