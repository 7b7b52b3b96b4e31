/** Runs that start from a checkpoint: its weights without a copy, and its optimizer state where that is kept. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readModelFolder } from '../../src/formats/model-folder.ts';
import { openSafetensors } from '../../src/formats/safetensors.ts';
import type { Storage } from '../../src/storage/storage.ts';
import type { RunSettings } from '../../src/train/catalog.ts';
import { readState } from '../../src/train/state.ts';
import type { TrainEvent, TrainInput } from '../../src/train/types.ts';
import { tinySpec } from '../nn/tiny.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { prepareTinyRun, tinySettings } from './fixture.ts';
import { only, run } from './whole-run.ts';

const folder = temporaryFolder();
type Checkpoint = Extract<TrainEvent, { type: 'checkpoint' }>;

/** The checkpoints of a run to its end, or until `stopAfter` steps are known. */
async function checkpointsOf(storage: Storage, input: TrainInput, stopAfter?: number): Promise<Checkpoint[]> {
  return only((await run(storage, input, stopAfter)).events, 'checkpoint');
}

const settings = (changes: Partial<RunSettings> = {}): RunSettings => {
  const { optimizer } = tinySettings();
  return tinySettings({ optimizer: { ...optimizer, warmupRatio: 0, weightDecay: 0 }, ...changes });
};

/** A first run of five updates, and the input of one that starts from its end. */
async function twoRuns(root: string, changes: Partial<RunSettings> = {}) {
  const { storage, input } = await prepareTinyRun(`${folder()}/${root}`, settings({ maxBatches: 5 }));
  const end = (await checkpointsOf(storage, input)).at(-1)!;
  const start = { model: end.model };
  const kept = { model: end.model, state: end.state };
  const second = { ...input, start, settings: settings({ seed: 8, maxBatches: 6, ...changes }) };
  return { storage, first: input, end, second, kept };
}

async function tensors(path: string): Promise<Map<string, Float32Array>> {
  const reader = await openSafetensors(path);
  const read = [...reader.tensors.keys()].map(async (name) => [name, await reader.read(name)] as const);
  const found = new Map(await Promise.all(read));
  await reader.close();
  return found;
}
const weightsOf = (storage: Storage, { model }: Pick<Checkpoint, 'model'>) =>
  tensors(join(storage.path('models', model), 'model.safetensors'));
const momentsOf = (storage: Storage, { state }: Pick<Checkpoint, 'state'>) =>
  tensors(join(storage.path('states', state), 'moments.safetensors'));

describe('a run from a checkpoint', () => {
  it('has its folder as checkpoint 0, and names the root as its initialisation', async () => {
    const { storage, first, end, second } = await twoRuns('folders');
    const before = (await storage.list('models')).length;
    const found = await checkpointsOf(storage, second);
    expect(found.map(({ reason, step }) => [reason, step])).toEqual([
      ['initial', 0],
      ['epoch', 6],
    ]);
    expect(found[0]!.model).toBe(end.model);
    expect((await storage.list('models')).length).toBe(before + 1);
    const { spec, close } = await readModelFolder(storage.path('models', found[1]!.model));
    await close();
    expect(spec.initialisation).toBe(first.model);
    // Without the start it computes something else.
    const { start: _start, ...fromModel } = second;
    expect((await checkpointsOf(storage, fromModel)).at(-1)!.model).not.toBe(found[1]!.model);
  });

  it('with kept moments makes the update of AdamW that follows them, counted on', async () => {
    const { storage, end, second, kept } = await twoRuns('adam', { maxBatches: 1 });
    const { learningRate, beta1, beta2, epsilon } = second.settings.optimizer;
    const fresh = (await checkpointsOf(storage, second)).at(-1)!;
    const keeping = { ...second, start: kept, settings: { ...second.settings, optimizerState: 'kept' as const } };
    const after = (await checkpointsOf(storage, keeping)).at(-1)!;
    const [weights, moments, freshMoments] = [
      await weightsOf(storage, end),
      await momentsOf(storage, end),
      await momentsOf(storage, fresh),
    ];
    const [found, foundMoments] = [await weightsOf(storage, after), await momentsOf(storage, after)];
    let largest = 0;
    for (const [name, values] of weights) {
      const [m, v] = ['m', 'v'].map((kind) => moments.get(`${kind}.${name}`)!) as [Float32Array, Float32Array];
      for (const [i, value] of values.entries()) {
        // Both runs see the same first batch from the same weights: the fresh moment is (1 - beta1) g.
        const gradient = freshMoments.get(`m.${name}`)![i]! / (1 - beta1);
        const first = beta1 * m[i]! + (1 - beta1) * gradient;
        const second = beta2 * v[i]! + (1 - beta2) * gradient ** 2;
        const change = (learningRate * (first / (1 - beta1 ** 6))) / (Math.sqrt(second / (1 - beta2 ** 6)) + epsilon);
        largest = Math.max(largest, Math.abs(change));
        expect(Math.abs(found.get(name)![i]! - (value - change))).toBeLessThanOrEqual(1e-6 + 1e-4 * Math.abs(change));
        expect(Math.abs(foundMoments.get(`m.${name}`)![i]! - first)).toBeLessThanOrEqual(1e-6 * (1 + Math.abs(first)));
      }
    }
    expect(largest).toBeGreaterThan(1e-4);
    expect(await readState(storage, after.state)).toMatchObject({ position: { step: 1 }, updatesBefore: 5 });
    expect(await readState(storage, fresh.state)).not.toHaveProperty('updatesBefore');
  });

  it.each(['fresh', 'kept'] as const)(
    'with %s moments goes on after a stop to the same bits',
    async (optimizerState) => {
      const { storage, second, kept } = await twoRuns(`resumed-${optimizerState}`, { optimizerState });
      const input = optimizerState === 'kept' ? { ...second, start: kept } : second;
      const whole = await checkpointsOf(storage, input);
      const stopped = (await checkpointsOf(storage, input, 2)).at(-1)!;
      expect(stopped).toMatchObject({ reason: 'stop', step: 3 });
      for (const { model, state } of [stopped, whole[0]!]) {
        const resumed = (await checkpointsOf(storage, { ...input, resume: { model, state } })).at(-1)!;
        expect(resumed).toEqual(whole.at(-1));
      }
    },
  );

  it('counts the updates of all runs before it', async () => {
    const { storage, second, kept } = await twoRuns('three', { optimizerState: 'kept' });
    const end = (await checkpointsOf(storage, { ...second, start: kept })).at(-1)!;
    const third = { ...second, start: { model: end.model, state: end.state } };
    const found = (await checkpointsOf(storage, third)).at(-1)!;
    expect(await readState(storage, found.state)).toMatchObject({ position: { step: 6 }, updatesBefore: 11 });
  });

  it('refuses moments of other parameters, and a state that is gone', async () => {
    const { storage, second, kept } = await twoRuns('refused', { optimizerState: 'kept' });
    const spec = tinySpec();
    const larger = { ...spec, architecture: { ...spec.architecture, layers: spec.architecture.layers + 1 } };
    const other = await prepareTinyRun(storage.root, settings({ maxBatches: 1 }), larger);
    const { state } = (await checkpointsOf(other.storage, other.input)).at(-1)!;
    const swapped = { ...second, start: { ...kept, state } };
    await expect(checkpointsOf(storage, swapped)).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      details: { field: 'input.settings.optimizerState' },
    });
    await expect(
      checkpointsOf(storage, { ...second, start: { ...kept, state: 'd'.repeat(64) } }),
    ).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });
});
