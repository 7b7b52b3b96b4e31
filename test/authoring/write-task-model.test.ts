/**
 * The exports of a checkpoint with heads for its tasks against sentence-transformers, which read them: the checkpoint
 * and the vectors are those that test/train/heads.test.ts and test/fixtures/check_sentence_transformers.py recorded.
 */
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { importModel } from '../../src/authoring/import-model.ts';
import { writeTaskModel } from '../../src/authoring/write-task-model.ts';
import { readModelSpec } from '../../src/formats/model-folder.ts';
import { encodeTexts } from '../../src/serve/encode.ts';
import { openStorage, type Storage } from '../../src/storage/storage.ts';
import { expectClose, testGpu } from '../device.ts';
import { encodeCases, packed, pipelinePath, recordedExport, tokenizeCases, withEncoder } from '../formats/pipelines.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { tolerances } from '../tolerances.ts';

const folder = temporaryFolder();
const checkpoint = pipelinePath('exported-heads');
let storage: Storage;
let model: string;
beforeAll(async () => {
  storage = openStorage(join(folder(), 'storage'));
  model = (await importModel(storage, checkpoint)).digest;
});

describe.each(['ir', 'sts'] as const)('a checkpoint with heads, for %s', (task) => {
  const { cases } = recordedExport(`heads-${task}`);
  const expected = cases.flatMap(({ vector }) => vector);

  it('gives the vectors that sentence-transformers gives of its export', async () => {
    const texts = packed(await tokenizeCases(checkpoint, { cases }));
    const vectors = await withEncoder(await testGpu(), checkpoint, false, (encoder) =>
      encodeTexts(encoder, texts, { task, unit: false }),
    );
    expectClose(vectors, expected, tolerances.pipelineVectors, task);
  });

  it('is exported as the model whose vectors these are', async () => {
    const path = join(folder(), task);
    await writeTaskModel(storage, { model, task, folder: path });
    const texts = await tokenizeCases(path, { cases });
    expect(texts.map(({ ids }) => [...ids])).toEqual(cases.map(({ ids }) => ids));
    expectClose(await encodeCases(await testGpu(), path, { cases }), expected, tolerances.pipelineVectors, task);
  });
});

it('a task without a head is exported without a layer for it', async () => {
  const { digest, spec } = await importModel(storage, checkpoint, { heads: { ir: 'none', sts: 'dense' } });
  const path = join(folder(), 'without');
  await writeTaskModel(storage, { model: digest, task: 'ir', folder: path });
  expect(await readModelSpec(path)).toEqual({ ...spec, heads: { ir: 'none', sts: 'none' } });
});

it('stops when aborted', async () => {
  const signal = AbortSignal.abort(new Error('enough'));
  const request = { model, task: 'sts', folder: join(folder(), 'aborted') } as const;
  await expect(writeTaskModel(storage, request, signal)).rejects.toThrow('enough');
});
