/** What a run will need, by arithmetic alone, and what is refused with the numbers. */
import { describe, expect, it } from 'vitest';
import { publishTokenFile } from '../../src/tokens/token-file.ts';
import type { TokenFile } from '../../src/tokens/types.ts';
import type { RunSettings } from '../../src/train/catalog.ts';
import { loadTrainingData } from '../../src/train/data.ts';
import { planTraining } from '../../src/train/loop.ts';
import { planRun } from '../../src/train/plan.ts';
import { testGpu } from '../device.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { openModel, prepareTinyRun, tinySettings, tinyTokenFile } from './fixture.ts';

const folder = temporaryFolder();
let folders = 0;
const prepare = (settings: RunSettings = tinySettings()) => prepareTinyRun(`${folder()}/${folders++}`, settings);

describe('a plan', () => {
  it('knows steps, parameters and memory beforehand', async () => {
    const gpu = await testGpu();
    const { input, storage } = await prepare(tinySettings({ maxBatches: 9 }));
    const plan = await planTraining(gpu, storage, input);
    expect(plan).toMatchObject({ steps: 9, epochs: 2, batches: { manuals: 3, pairs: 4 } });
    const { total, ...parts } = plan.memory;
    expect(total).toBe(Object.values(parts).reduce((sum, bytes) => sum + bytes, 0));
  });

  it('counts batches, updates and memory by the sampler', async () => {
    const gpu = await testGpu();
    const { input, storage } = await prepare(tinySettings({ irBatchSize: 12, stsBatchSize: 4 }));
    const plan = (changes: Partial<RunSettings>) =>
      planTraining(gpu, storage, { ...input, settings: { ...input.settings, ...changes } });
    const dynamic = await plan({});
    expect(dynamic).toMatchObject({ batches: { manuals: 1, pairs: 8 }, updatesPerEpoch: 9, batchesPerUpdate: 1 });
    const single = await plan({ sampler: 'single' });
    expect(single).toMatchObject({
      batches: { manuals: 1, pairs: 2 },
      steps: 6,
      batchSizes: { manuals: 12, pairs: 12 },
    });
    const mixed = await plan({ sampler: 'mixed' });
    expect(mixed).toMatchObject({
      ...{ batches: { manuals: 6, pairs: 10 }, steps: 8, updatesPerEpoch: 4, batchesPerUpdate: 4 },
      batchSizes: { manuals: 3, pairs: 3 },
    });
    expect(single.memory.representations).toBe(dynamic.memory.representations);
    expect(mixed.memory.representations).toBeLessThan(dynamic.memory.representations / 4);
    expect(await plan({ equalBatchesPerTask: true })).toMatchObject({ batches: { manuals: 5, pairs: 5 }, steps: 20 });
    expect(await plan({ sizeExponent: 0 })).toMatchObject({ batches: { manuals: 2, pairs: 7 } });
  });

  it('does not count texts that training never reads', async () => {
    const gpu = await testGpu();
    const { input, storage } = await prepare();
    const file = tinyTokenFile('sts', 16, 5);
    const { ids, cumulative, poolStart } = file.texts;
    const texts = {
      ids: Uint32Array.from([...ids, ...new Uint32Array(30)]),
      cumulative: Uint32Array.from([...cumulative, ids.length + 30]),
      poolStart: Uint32Array.from([...poolStart, 0]),
    };
    const plan = async (key: string, tokens: TokenFile) => {
      await publishTokenFile(storage, key, tokens);
      return planTraining(gpu, storage, { ...input, datasets: [{ ...input.datasets[1]!, tokens: key }] });
    };
    const { memory } = await plan('short', file);
    expect((await plan('long', { ...file, texts })).memory).toEqual(memory);
  });

  it('keeps within one binding, and refuses, with the numbers, a batch that cannot', async () => {
    const gpu = await testGpu();
    const { input, storage } = await prepare();
    const small = { traits: gpu.traits, mostMemory: gpu.mostMemory, largestBinding: 2816 };
    const plan = (settings: Partial<RunSettings>) =>
      planTraining(small, storage, { ...input, settings: { ...input.settings, ...settings } });
    // 32 wide inside, 4 bytes each.
    expect((await plan({ microBatchTokens: 1024 })).microBatchTokens).toBe(22);
    await expect(plan({ irBatchSize: 18 })).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
      details: { field: 'settings.irBatchSize', expected: "at most 2816 bytes, the adapter's limit" },
    });
  });

  it('refuses, with the numbers, a text that one binding cannot hold', async () => {
    const { traits, mostMemory } = await testGpu();
    const { input, storage } = await prepare();
    const { spec } = await openModel(storage, input.model);
    const wide = { ...spec, architecture: { ...spec.architecture, innerWidth: 512 } };
    const data = await loadTrainingData(storage, input.datasets, spec);
    const small = { traits, mostMemory, largestBinding: 33_024 };
    expect(() => planRun(small, wide, input.settings, data)).toThrow(
      expect.objectContaining({
        code: 'LIMIT_EXCEEDED',
        details: expect.objectContaining({ field: 'settings.maxLength', remedy: 'Lower maxLength.' }),
      }),
    );
  });

  it('cuts micro-batches so that they fit, and refuses, with the numbers, what cannot', async () => {
    const { traits, largestBinding } = await testGpu();
    const { input, storage } = await prepare();
    const settings = { ...input.settings, microBatchTokens: 1024 };
    const plan = (mostMemory: number) =>
      planTraining({ traits, largestBinding, mostMemory }, storage, { ...input, settings });
    const { memory, microBatchTokens } = await plan(Number.POSITIVE_INFINITY);
    expect(microBatchTokens).toBe(1024);
    const tight = await plan(memory.total - memory.activations / 2);
    expect(tight.microBatchTokens).toBeLessThan(microBatchTokens);
    expect(tight.memory.total).toBeLessThanOrEqual(memory.total - memory.activations / 2);
    const least = memory.total - memory.activations;
    await expect(plan(least)).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
      message: expect.stringMatching(/^The run needs about \d+ bytes on the device$/),
      details: { expected: `at most ${least} bytes, which is what this device can address` },
    });
  });
});
