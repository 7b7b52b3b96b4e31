/**
 * Imported pipelines through training: everything of them is in the checkpoint, dense layers learn too, and cuts into
 * micro-batches change nothing. With TANDEM_RECORD_EXPORTS=<folder> the checkpoints are copied there as
 * exported-<name>, for check_sentence_transformers.py.
 */
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { importModel } from '../../src/authoring/import-model.ts';
import { readModelFolder } from '../../src/formats/model-folder.ts';
import { modelParameters } from '../../src/model/pipeline.ts';
import type { NamedTensor } from '../../src/model/types.ts';
import { openStorage } from '../../src/storage/storage.ts';
import { planTraining, train } from '../../src/train/loop.ts';
import type { TrainEvent } from '../../src/train/types.ts';
import { expectClose, testGpu } from '../device.ts';
import { pipelineNames, pipelinePath } from '../formats/pipelines.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { prepareRun, tinySettings } from './fixture.ts';

const folder = temporaryFolder();
let folders = 0;

async function tensorsOf(path: string): Promise<NamedTensor[]> {
  const { spec, weights, close } = await readModelFolder(path);
  const tensors: NamedTensor[] = [];
  for (const { name, shape } of modelParameters(spec)) tensors.push({ name, shape, data: await weights.read(name) });
  await close();
  return tensors;
}

/** Imports a fixture and trains it for five batches; the paths of theta_0 and of the last checkpoint. */
async function trainPipeline(name: string, microBatchTokens: number) {
  const storage = openStorage(join(folder(), String(folders++)));
  const { digest, spec } = await importModel(storage, pipelinePath(name));
  const settings = tinySettings({ maxBatches: 5, microBatchTokens, dropout: 0, attentionDropout: 0 });
  const { input } = await prepareRun(storage, digest, settings, spec.architecture.vocabularySize);
  const gpu = await testGpu();
  const events: TrainEvent[] = [];
  const context = { signal: new AbortController().signal, turn: async () => {} };
  await train(gpu, storage, input, { ...context, emit: (event) => events.push(event) });
  const checkpoints = events.flatMap((event) => (event.type === 'checkpoint' ? [event] : []));
  const plan = await planTraining(gpu, storage, input);
  const [initial, last] = [checkpoints[0], checkpoints.at(-1)].map((at) => storage.path('models', at?.model ?? ''));
  return { digest, spec, events, plan, initial, last };
}

describe.each(pipelineNames)('training the pipeline %s', (name) => {
  it('moves every parameter and keeps the pipeline', async () => {
    const { digest, spec, events, plan, initial, last } = await trainPipeline(name, 4096);
    const { spec: trained, close } = await readModelFolder(last);
    await close();
    expect(trained).toEqual({ ...spec, initialisation: digest });
    const before = new Map((await tensorsOf(initial)).map((tensor) => [tensor.name, tensor.data]));
    const still = (await tensorsOf(last)).filter(({ name: parameter, data }) => {
      const values = before.get(parameter);
      return values === undefined || data.every((value, i) => value === values[i]);
    });
    // The segment embedding that no text has, and nothing else, stays: its table moves by its first row.
    expect(still.map((tensor) => tensor.name)).toEqual([]);
    expect(plan.parameters).toBe([...before.values()].reduce((sum, { length }) => sum + length, 0));
    const losses = events.flatMap((event) => (event.type === 'step' ? [event.components] : []));
    expect(losses.some((components) => 'inner-infonce' in components)).toBe(true);
    const record = process.env['TANDEM_RECORD_EXPORTS'];
    if (record) await cp(last, join(record, `exported-${name}`), { recursive: true });
  });
});

describe.each(['mean-dense-normalize', 'max-mean-dense'])('training %s', (name) => {
  it('gives the same weights for any cut into micro-batches', async () => {
    const [whole, cut] = [await trainPipeline(name, 4096), await trainPipeline(name, 40)];
    const expected = new Map((await tensorsOf(whole.last)).map((tensor) => [tensor.name, tensor.data]));
    for (const tensor of await tensorsOf(cut.last)) {
      // AdamW's first updates have the size of the rate whatever the gradient's, so noise shows where gradients are
      // zero.
      if (tensor.name.endsWith('key.bias')) continue;
      expectClose(tensor.data, expected.get(tensor.name) ?? [], { absolute: 1e-5, relative: 1e-4 }, tensor.name);
    }
  });
});
