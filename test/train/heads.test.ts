/**
 * Runs of models with heads: what moves which head, stopping and going on, and what other programs make of the exports.
 * With TANDEM_RECORD_EXPORTS=<folder> the checkpoint is copied there as exported-heads and its exports as
 * exported-heads-<task>, for check_sentence_transformers.py.
 */
import { cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { importModel } from '../../src/authoring/import-model.ts';
import { writeTaskModel } from '../../src/authoring/write-task-model.ts';
import type { Task } from '../../src/data/types.ts';
import { readModelFolder } from '../../src/formats/model-folder.ts';
import { modelParameters } from '../../src/model/pipeline.ts';
import type { Heads } from '../../src/model/types.ts';
import type { EncoderSpec } from '../../src/nn/types.ts';
import { DeviceServer } from '../../src/serve/server.ts';
import { openStorage, type Storage } from '../../src/storage/storage.ts';
import type { OptimizerSettings } from '../../src/train/catalog.ts';
import type { TrainInput } from '../../src/train/types.ts';
import { expectClose, testGpu } from '../device.ts';
import { pipelinePath } from '../formats/pipelines.ts';
import { tinySpec } from '../nn/tiny.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { prepareRun, prepareTinyRun, tinySettings } from './fixture.ts';
import { lastCheckpoint, run } from './whole-run.ts';

const folder = temporaryFolder();
let folders = 0;
const newFolder = (): string => join(folder(), String(folders++));

const both: Heads = { ir: 'dense', sts: 'dense' };
const encoder: EncoderSpec = { ...tinySpec(), heads: both };
const headOf = (task: Task): string => `heads.${task}.linear.weight`;

async function weightsOf(storage: Storage, model: string): Promise<Map<string, Float32Array>> {
  const { spec, weights, close } = await readModelFolder(storage.path('models', model));
  const tensors = new Map<string, Float32Array>();
  for (const { name, shape } of modelParameters(spec)) tensors.set(name, await weights.read(name, shape));
  await close();
  return tensors;
}

/** The heads before and after a run of these data sets. */
async function trained(tasks: readonly Task[], optimizer: Partial<OptimizerSettings>) {
  const settings = tinySettings({ maxBatches: 4, optimizer: { ...tinySettings().optimizer, ...optimizer } });
  const { storage, input } = await prepareTinyRun(newFolder(), settings, encoder);
  const datasets = input.datasets.filter(({ task }) => tasks.includes(task));
  const { model } = lastCheckpoint((await run(storage, { ...input, datasets })).events);
  return { before: await weightsOf(storage, input.model), after: await weightsOf(storage, model) };
}

describe('a head', () => {
  it.each([
    ['ir', 'sts'],
    ['sts', 'ir'],
  ] as const)('of %s alone is moved by batches of its task', async (task, other) => {
    const { before, after } = await trained([task], { weightDecay: 0 });
    expect(after.get(headOf(other))).toEqual(before.get(headOf(other)));
    expect(after.get(headOf(task))).not.toEqual(before.get(headOf(task)));
  });

  it('that no batch reads shrinks by weight decay and by nothing else', async () => {
    const { before, after } = await trained(['ir'], { weightDecay: 0.5, warmupRatio: 0 });
    const [identity, shrunk] = [before.get(headOf('sts'))!, after.get(headOf('sts'))!];
    expect(shrunk[0]).toBeLessThan(0.999);
    expect(shrunk).toEqual(identity.map((value) => value * shrunk[0]!));
  });

  it('stays as it is where it is frozen', async () => {
    const own = { learningRate: null, weightDecay: null, frozen: true };
    const optimizer = { weightDecay: 0.5, groups: [{ ...own, parameters: 'heads.sts.*' }] };
    const { before, after } = await trained(['ir', 'sts'], optimizer);
    expect(after.get(headOf('sts'))).toEqual(before.get(headOf('sts')));
    expect(after.get(headOf('ir'))).not.toEqual(before.get(headOf('ir')));
  });
});

describe('a run of a model with heads', () => {
  const start = async (changes: Partial<TrainInput['settings']> = {}) =>
    prepareTinyRun(newFolder(), tinySettings({ maxBatches: 8, ...changes }), encoder);

  it('goes on from its middle to the same bits', async () => {
    const { storage, input } = await start();
    const whole = lastCheckpoint((await run(storage, input)).events);
    const { model, state } = lastCheckpoint((await run(storage, input, 3)).events);
    const resumed = lastCheckpoint((await run(storage, { ...input, resume: { model, state } })).events);
    expect([resumed.step, resumed.model, resumed.state]).toEqual([8, whole.model, whole.state]);
  });

  it('gives the same weights for any cut into micro-batches, with levels of Matryoshka too', async () => {
    const matryoshka = [
      { dimension: 16, weight: 1 },
      { dimension: 5, weight: 1 },
    ];
    const found: Map<string, Float32Array>[] = [];
    for (const microBatchTokens of [4096, 48]) {
      const { storage, input } = await start({ microBatchTokens, matryoshka, maxBatches: 4 });
      found.push(await weightsOf(storage, lastCheckpoint((await run(storage, input)).events).model));
    }
    for (const task of ['ir', 'sts'] as const) {
      expectClose(found[1]!.get(headOf(task))!, found[0]!.get(headOf(task))!, { absolute: 1e-5, relative: 1e-4 });
    }
  });
});

it('an imported pipeline learns heads; each task is evaluated with its own, as its export is', async () => {
  const storage = openStorage(newFolder());
  const { digest, spec } = await importModel(storage, pipelinePath('max-mean-dense'), { heads: both });
  const settings = tinySettings({ maxBatches: 6, dropout: 0, attentionDropout: 0 });
  const { input } = await prepareRun(storage, digest, settings, spec.architecture.vocabularySize);
  const { model } = lastCheckpoint((await run(storage, input)).events);
  const weights = await weightsOf(storage, model);
  const record = process.env['TANDEM_RECORD_EXPORTS'] ?? newFolder();
  await mkdir(record, { recursive: true });
  await cp(storage.path('models', model), join(record, 'exported-heads'), { recursive: true });
  for (const task of ['ir', 'sts'] as const) {
    const path = join(record, `exported-heads-${task}`);
    await writeTaskModel(storage, { model, task, folder: path });
    const plain = await readModelFolder(path);
    expect(plain.spec).toMatchObject({ dense: { length: 2 }, heads: { ir: 'none', sts: 'none' } });
    expect(await plain.weights.read('dense.1.linear.weight', [9, 9])).toEqual(weights.get(headOf(task)));
    expect(await plain.weights.read('dense.0.linear.weight', [9, 32])).toEqual(weights.get('dense.0.linear.weight'));
    await plain.close();
    const { digest: exported } = await importModel(storage, path);
    expect(await figuresOf(storage, exported, task)).toEqual(await figuresOf(storage, model, task));
  }
  expect(await figuresOf(storage, model, 'sts')).not.toEqual(await figuresOf(storage, digest, 'sts'));
});

async function figuresOf(storage: Storage, model: string, task: Task) {
  const server = new DeviceServer(await testGpu(), storage);
  const options = { signal: new AbortController().signal };
  const [found] = await server.evaluate({ model, tokens: `tiny-${task}`, split: 'test' }, options);
  return found!.metrics;
}
