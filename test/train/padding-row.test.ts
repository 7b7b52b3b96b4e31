/** pad_token_id of an imported model through training: the field stands in every checkpoint, its row is frozen. */
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { importModel } from '../../src/authoring/import-model.ts';
import { readModelFolder } from '../../src/formats/model-folder.ts';
import { openStorage } from '../../src/storage/storage.ts';
import { train } from '../../src/train/loop.ts';
import { testGpu } from '../device.ts';
import { pipelinePath } from '../formats/pipelines.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { prepareRun, tinySettings } from './fixture.ts';

const folder = temporaryFolder();
let folders = 0;

type Json = Record<string, unknown>;
const readConfigOf = async (path: string): Promise<Json> =>
  JSON.parse(await readFile(join(path, 'config.json'), 'utf8')) as Json;

/** Imports a fixture with this pad_token_id and trains it for some batches, all of whose texts have the token 3. */
async function trainWith(name: string, changes: Json) {
  const root = join(folder(), String(folders++));
  const source = join(root, 'source');
  await cp(pipelinePath(name), source, { recursive: true });
  const { pad_token_id: _, ...config } = await readConfigOf(source);
  await writeFile(join(source, 'config.json'), JSON.stringify({ ...config, ...changes }));
  const storage = openStorage(join(root, 'storage'));
  const { digest, spec } = await importModel(storage, source);
  const base = tinySettings({ maxBatches: 4, dropout: 0, attentionDropout: 0 });
  const settings = { ...base, optimizer: { ...base.optimizer, weightDecay: 0 } };
  const { input } = await prepareRun(storage, digest, settings, spec.architecture.vocabularySize);
  let last = digest;
  await train(await testGpu(), storage, input, {
    signal: new AbortController().signal,
    turn: async () => {},
    emit: (event) => {
      if (event.type === 'checkpoint') last = event.model;
    },
  });
  return {
    initial: storage.path('models', digest),
    last: storage.path('models', last),
    width: spec.architecture.width,
  };
}

async function rowOf(path: string, table: string, width: number, row: number): Promise<Float32Array> {
  const { weights, close } = await readModelFolder(path);
  const data = await weights.read(table);
  await close();
  return data.slice(row * width, (row + 1) * width);
}

it.each([
  ['qwen3-lasttoken', 'embed_tokens.weight', {}, false],
  ['qwen3-lasttoken', 'embed_tokens.weight', { pad_token_id: null }, false],
  ['qwen3-lasttoken', 'embed_tokens.weight', { pad_token_id: 3 }, true],
  ['lasttoken', 'embeddings.word_embeddings.weight', {}, false],
  ['lasttoken', 'embeddings.word_embeddings.weight', { pad_token_id: 3 }, true],
])('%s, row 3 of %s, %j: frozen is %s', async (name, table, changes: Json, isFrozen) => {
  const { initial, last, width } = await trainWith(name, changes);
  expect(last).not.toBe(initial);
  const [before, after] = [await rowOf(initial, table, width, 3), await rowOf(last, table, width, 3)];
  if (isFrozen) expect(after).toEqual(before);
  else expect(after).not.toEqual(before);
  for (const path of [initial, last]) {
    const config = await readConfigOf(path);
    expect('pad_token_id' in config).toBe('pad_token_id' in changes);
    expect(config['pad_token_id']).toBe(changes['pad_token_id']);
  }
});
