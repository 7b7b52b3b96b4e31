/** Tokenizers that may end their process have one of their own. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { describe, expect, it, vi } from 'vitest';
import { workerEntry } from '../../src/assets.ts';
import { importModel } from '../../src/authoring/import-model.ts';
import { openStorage } from '../../src/storage/storage.ts';
import { openIsolated } from '../../src/tokenizer/isolated.ts';
import { openTokenizer } from '../../src/tokenizer/open.ts';
import { parseTokenizer } from '../../src/tokenizer/tokenizer.ts';
import type { CpuCommands, ThreadData } from '../../workers/protocol.ts';
import { connect } from '../../workers/runtime.ts';
import { tinyTokenizerJson, writeTinyModel } from '../formats/tiny-model.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const tiny = JSON.parse(tinyTokenizerJson) as Record<string, unknown>;
const hostile = JSON.stringify({
  ...tiny,
  pre_tokenizer: {
    type: 'Sequence',
    pretokenizers: [
      { type: 'Split', pattern: { Regex: '(a+)+$' }, behavior: 'Isolated', invert: false },
      tiny['pre_tokenizer'],
    ],
  },
});
const deadly = `${'a'.repeat(24)}b`;
const plain = (text: string) => ({ prompt: '', text });
const options = { maxLength: 12, includePrompt: true };

/** Processes that this one started, by what /proc says of them. */
async function children(): Promise<number[]> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const mine = await Promise.all(
    ids.map(async (id) => {
      const [line, status] = await Promise.all(
        ['cmdline', 'status'].map((name) => readFile(`/proc/${id}/${name}`, 'utf8').catch(() => '')),
      );
      return line.includes('isolated-process') && status.includes(`PPid:\t${process.pid}\n`);
    }),
  );
  return ids.filter((_, i) => mine[i]);
}

describe('a tokenizer in a process of its own', () => {
  it('gives what it gives here', async () => {
    const [own, here] = [await openIsolated(hostile, 'x'), await parseTokenizer(hostile)];
    expect([own.vocabularySize, own.specialTokens]).toEqual([here.vocabularySize, here.specialTokens]);
    const texts = Array.from({ length: 1_500 }, (_, i) => ({
      prompt: 'find: ',
      text: `oil leaks ${'pump '.repeat(i % 9)}`,
    }));
    for (const includePrompt of [true, false]) {
      const settings = { maxLength: 12, includePrompt };
      expect(await own.encode(texts, settings)).toEqual(await here.encode(texts, settings));
    }
    expect(await own.tokenize(['oil leaks', ''])).toEqual(await here.tokenize(['oil leaks', '']));
    expect(await own.encode([], options)).toEqual([]);
  });

  it('numbers the texts of its errors through all pieces', async () => {
    const own = await openIsolated(JSON.stringify({ ...JSON.parse(hostile), post_processor: null }), 'x');
    const texts = Array.from({ length: 600 }, (_, i) => ({ prompt: 'find: ', text: i === 550 ? '' : 'oil' }));
    const encoding = own.encode(texts, { maxLength: 6, includePrompt: false });
    await expect(encoding).rejects.toMatchObject({ code: 'BAD_USER_INPUT', details: { field: 'texts[550]' } });
    const wrong = own.encode([plain('oil')], { maxLength: 0, includePrompt: true });
    await expect(wrong).rejects.toMatchObject({ code: 'BAD_USER_INPUT', details: { field: 'maxLength' } });
  });

  it('is ended by a text that it cannot take, with an error that names it, and takes the next', async () => {
    const own = await openIsolated(hostile, 'models/x/tokenizer.json');
    const [before, dying] = [own.encode([plain('oil')], options), own.encode([plain(deadly)], options)];
    const after = own.encode([plain('oil')], options);
    await expect(dying).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      message: expect.stringMatching(/^The tokenizer models\/x\/tokenizer.json cannot take one of the texts: .*retry/),
      details: { field: 'models/x/tokenizer.json', remedy: expect.any(String) },
    });
    expect(await after).toEqual(await before);
  });

  it('has none of the secrets of this one in its environment', async () => {
    const secrets = ['TANDEM_ADMIN_KEY', 'TANDEM_API_KEY', 'DATABASE_URL', 'HF_TOKEN'];
    for (const name of secrets) vi.stubEnv(name, 'a secret');
    const before = await children();
    const own = await openIsolated(hostile, 'x', { idleMs: 1_000 });
    vi.unstubAllEnvs();
    const [id] = (await children()).filter((child) => !before.includes(child));
    const names = (await readFile(`/proc/${id}/environ`, 'utf8')).split('\0').map((entry) => entry.split('=')[0]);
    expect(names).toContain('PATH');
    expect(names.filter((name) => secrets.includes(name ?? ''))).toEqual([]);
    expect(await own.tokenize(['pump'])).toHaveLength(1);
  });

  it('that takes too long is ended, and answers the next', async () => {
    const own = await openIsolated(hostile, 'x', { chunkMs: 1 });
    const many = Array.from({ length: 512 }, () => plain('oil '.repeat(400)));
    await expect(own.encode(many, options)).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
      message: 'The tokenizer x took longer than 0.001 s',
    });
    const patient = await openIsolated(hostile, 'x');
    expect(await patient.encode(many.slice(0, 1), options)).toHaveLength(1);
  });

  it.runIf(process.platform === 'linux')('ends when nobody asks, and when it was killed another answers', async () => {
    const before = new Set(await children());
    const own = await openIsolated(hostile, 'x', { idleMs: 1_000 });
    const mine = async () => (await children()).filter((id) => !before.has(id));
    const [first] = await mine();
    process.kill(first, 'SIGKILL');
    await vi.waitFor(async () => expect(await mine()).toEqual([]), 10_000);
    expect(await own.encode([plain('oil')], options)).toHaveLength(1);
    expect(await mine()).toHaveLength(1);
    await vi.waitFor(async () => expect(await mine()).toEqual([]), 10_000);
    expect(await own.encode([plain('oil')], options)).toHaveLength(1);
  });

  it('reports a file that cannot be read as ever', async () => {
    await expect(openTokenizer('{', 'x')).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      message: expect.stringMatching(/^The tokenizer x cannot be read: /),
    });
  });
});

describe('a model with such a tokenizer', () => {
  const folder = temporaryFolder();

  it('is imported, and a text that ends its process leaves the CPU thread and other models alone', async () => {
    const storage = openStorage(folder());
    const digests: string[] = [];
    for (const json of [hostile, tinyTokenizerJson]) {
      const path = join(folder(), `model-${digests.length}`);
      await writeTinyModel(path);
      await writeFile(join(path, 'tokenizer.json'), json);
      digests.push((await importModel(storage, path)).digest);
    }
    const workerData: ThreadData = { storageRoot: folder(), adapter: 'auto' };
    const cpu = connect<CpuCommands>(new Worker(workerEntry('cpu'), { workerData }), 'CPU');
    const ask = (model: string, text: string) =>
      cpu.call('tokenizeTexts', { model, texts: [{ role: 'passage', text: ['', '', text] }] });
    try {
      const [dying, other] = [ask(digests[0], deadly), ask(digests[1], deadly)];
      await expect(dying).rejects.toMatchObject({
        code: 'BAD_USER_INPUT',
        details: { field: expect.stringContaining(digests[0]) },
      });
      expect((await other).encoded.ids.length).toBeGreaterThan(2);
      expect([...(await ask(digests[0], 'oil leak')).encoded.ids]).toEqual([2, 7, 6, 3]);
      expect(cpu.death).toBeUndefined();
    } finally {
      await cpu.close();
    }
  });
});
