/** Models derived from others: of the same vectors, and of a lineage of their own. */
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { deriveModel } from '../../src/authoring/derive-model.ts';
import { importModel } from '../../src/authoring/import-model.ts';
import type { Task } from '../../src/data/types.ts';
import { readTokenizerJson } from '../../src/formats/model-folder.ts';
import type { Heads } from '../../src/model/types.ts';
import { encodeTexts } from '../../src/serve/encode.ts';
import { openStorage, type Storage } from '../../src/storage/storage.ts';
import { testGpu } from '../device.ts';
import { packed, pipelinePath, recorded, tokenizeCases, withEncoder } from '../formats/pipelines.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const folder = temporaryFolder();
let storages = 0;
let storage: Storage;
beforeEach(() => {
  storage = openStorage(join(folder(), String(storages++)));
});

const both: Heads = { ir: 'dense', sts: 'dense' };
const cases = recorded('max-mean-dense');

async function vectors(digest: string, task: Task): Promise<Float32Array> {
  const path = storage.path('models', digest);
  const texts = packed(await tokenizeCases(path, cases));
  return withEncoder(await testGpu(), path, false, (encoder) => encodeTexts(encoder, texts, { task, unit: false }));
}

it('new heads change no bit of a vector, derived or imported with', async () => {
  const plain = await importModel(storage, pipelinePath('max-mean-dense'));
  const before = await vectors(plain.digest, 'ir');
  const { pooling, includePrompt } = plain.spec;
  const derived = await deriveModel(storage, { model: plain.digest, heads: both, pooling, includePrompt });
  const imported = await importModel(storage, pipelinePath('max-mean-dense'), { heads: both });
  expect(derived.digest).toBe(imported.digest);
  expect(derived.parameters - plain.parameters).toBe(2 * 9 * 9);
  expect(derived.spec).toEqual({ ...plain.spec, heads: both });
  for (const task of ['ir', 'sts'] as const) expect(await vectors(derived.digest, task)).toEqual(before);
});

it('heads go again, and the model is that which it was', async () => {
  const plain = await importModel(storage, pipelinePath('max-mean-dense'));
  const { pooling, includePrompt } = plain.spec;
  const { digest } = await deriveModel(storage, { model: plain.digest, heads: both, pooling, includePrompt });
  const heads: Heads = { ir: 'none', sts: 'none' };
  expect((await deriveModel(storage, { model: digest, heads, pooling, includePrompt })).digest).toBe(plain.digest);
});

it('another pooling takes over weights and tokenizer', async () => {
  const plain = await importModel(storage, pipelinePath('mean-sqrt-len-shards'));
  const changes = { pooling: ['cls', 'mean'], includePrompt: true, heads: { ir: 'none', sts: 'dense' } } as const;
  const derived = await deriveModel(storage, { model: plain.digest, ...changes });
  expect(derived.spec).toEqual({ ...plain.spec, ...changes });
  expect(derived.dimension).toBe(2 * plain.dimension);
  const tokenizerOf = (digest: string) => readTokenizerJson(storage.path('models', digest));
  expect(await tokenizerOf(derived.digest)).toBe(await tokenizerOf(plain.digest));
});

it('stops when aborted and leaves nothing behind', async () => {
  const plain = await importModel(storage, pipelinePath('cls-half'));
  const signal = AbortSignal.abort(new Error('enough'));
  const request = { model: plain.digest, heads: both, pooling: 'mean', includePrompt: true } as const;
  await expect(deriveModel(storage, request, { signal })).rejects.toThrow('enough');
  expect(await storage.list('models')).toEqual([plain.digest]);
});
