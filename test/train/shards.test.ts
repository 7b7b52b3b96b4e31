/** An update of several batches: the mean of their losses and gradients, whatever the cuts, and what it tells. */
import { describe, expect, it } from 'vitest';
import { readModelFolder } from '../../src/formats/model-folder.ts';
import type { RunSettings } from '../../src/train/catalog.ts';
import { loadForTraining } from '../../src/train/checkpoint.ts';
import { loadTrainingData } from '../../src/train/data.ts';
import { drawBatch } from '../../src/train/draw.ts';
import type { GlobalBatch } from '../../src/train/global-batch.ts';
import { recordGradients } from '../../src/train/gradients.ts';
import { readReport } from '../../src/train/report.ts';
import { summaryOf } from '../../src/train/step-batches.ts';
import { expectGradient, testGpu } from '../device.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { prepareTinyRun, tinySettings } from './fixture.ts';

const folder = temporaryFolder();
let folders = 0;

async function prepare(settings: RunSettings) {
  const gpu = await testGpu();
  const { storage, input } = await prepareTinyRun(`${folder()}/${folders++}`, settings);
  const model = await readModelFolder(await storage.require('models', input.model));
  await model.close();
  const encoder = await loadForTraining(gpu, storage, input.model, { dropout: settings.attentionDropout > 0 });
  const data = await loadTrainingData(storage, input.datasets, model.spec);
  const draw = (dataset: number, records: readonly number[]): GlobalBatch =>
    drawBatch({ settings, epoch: 0, data }, { dataset, records: Uint32Array.from(records), pass: 0 });
  const norm = gpu.allocate('norm', [1]);
  gpu.clear(norm);
  const compute = async (batches: readonly GlobalBatch[], pieceTokens = Number.POSITIVE_INFINITY) => {
    let turns = 0;
    const turn = async (): Promise<void> => {
      turns++;
    };
    const recorded = await recordGradients({ encoder, settings, batches, step: 1, turn, pieceTokens });
    const report = readReport(gpu, recorded, norm);
    const total = gpu.read(recorded.total);
    recorded.release();
    const gradients = new Map<string, Float32Array>();
    for await (const { name, data } of encoder.parameters.read('gradients')) gradients.set(name, data.slice());
    return { ...(await report), total: (await total)[0]!, gradients, turns };
  };
  const free = (): void => {
    encoder.parameters.free();
    gpu.free(norm);
  };
  return { draw, compute, free };
}

const largest = (gradients: ReadonlyMap<string, Float32Array>): number =>
  Math.hypot(...[...gradients.values()].map((values) => Math.hypot(...values)));

describe('an update of three batches', () => {
  const parts: readonly (readonly [number, readonly number[]])[] = [
    [0, [3, 7, 1, 12, 5]],
    [1, [2, 9, 4]],
    [0, [0, 8, 16, 11]],
  ];

  it('has the mean of their losses and gradients, in pieces too', async () => {
    const { draw, compute, free } = await prepare(tinySettings({ dropout: 0, attentionDropout: 0 }));
    const batches = parts.map(([dataset, records]) => draw(dataset, records));
    const single: Awaited<ReturnType<typeof compute>>[] = [];
    for (const batch of batches) single.push(await compute([batch]));
    const whole = await compute(batches);
    const pieces = await compute(batches, 40);
    const mean = new Map(
      [...single[0]!.gradients].map(([name, values]) => [
        name,
        values.map((_, i) => single.reduce((sum, { gradients }) => sum + gradients.get(name)![i]!, 0) / parts.length),
      ]),
    );
    for (const { gradients, batches: figures, total, turns } of [whole, pieces]) {
      for (const [name, values] of mean) expectGradient(gradients.get(name)!, values, name, largest(mean));
      expect(figures.map(({ components }) => Object.keys(components).sort())).toEqual([
        ['infonce'],
        ['inner-infonce', 'pearson', 'pro', 'rank-kl'],
        ['infonce'],
      ]);
      figures.forEach(({ components }, index) => {
        for (const [name, value] of Object.entries(components)) {
          expect(value).toBeCloseTo(single[index]!.batches[0]!.components[name]!, 4);
        }
      });
      expect(total).toBeCloseTo(single.reduce((sum, part) => sum + part.total, 0) / parts.length, 4);
      expect(turns).toBeGreaterThanOrEqual(parts.length);
    }
    free();
  });

  it('drops other activations in each batch, and the same ones however it is cut', async () => {
    const { draw, compute, free } = await prepare(tinySettings({ dropout: 0.2, attentionDropout: 0.2 }));
    const batch = draw(0, [3, 7, 1, 12, 5]);
    const losses = async (pieceTokens?: number) =>
      (await compute([batch, batch, batch], pieceTokens)).batches.map(({ components }) => components['infonce']!);
    const whole = await losses();
    expect(new Set(whole).size).toBe(3);
    const first = await compute([batch]);
    expect(whole[0]).toBe(first.batches[0]!.components['infonce']);
    (await losses(40)).forEach((loss, index) => {
      expect(loss).toBeCloseTo(whole[index]!, 4);
    });
    free();
  });

  it('is not finite if one of them is not, whichever', async () => {
    const { losses } = tinySettings();
    // In f32 this weight is infinite.
    const settings = tinySettings({ losses: { ...losses, sts: [{ ...losses.sts[0]!, weight: 1e39 }] } });
    const { draw, compute, free } = await prepare(settings);
    const [good, bad] = [draw(0, [1, 2]), draw(1, [2, 9, 4])];
    expect((await compute([good, good])).total).toBeGreaterThan(0);
    for (const batches of [
      [bad, good],
      [good, bad],
    ]) {
      expect((await compute(batches)).total).toBe(Number.POSITIVE_INFINITY);
    }
    free();
  });
});

describe('what an update tells of its batches', () => {
  const ir = { task: 'ir', dataset: 'a', loss: 3, components: { infonce: 3 }, tokens: 10 } as const;
  const sts = { task: 'sts', dataset: 'b', loss: 1, components: { pearson: 0.5 }, tokens: 4 } as const;

  it('is that of a batch alone, where there is one', () => {
    expect(summaryOf([ir])).toEqual(ir);
  });

  it('names a task and a data set where all have it', () => {
    const other = { ...ir, dataset: 'c', loss: 5, components: { infonce: 5 } };
    expect(summaryOf([ir, ir])).toMatchObject({ task: 'ir', dataset: 'a', loss: 3, tokens: 20, batches: [ir, ir] });
    expect(summaryOf([ir, other])).toMatchObject({ task: 'ir', dataset: null, loss: 4, components: { infonce: 4 } });
  });

  it('averages a term over the batches that have it, and the loss over all', () => {
    expect(summaryOf([ir, sts, { ...ir, loss: 6, components: { infonce: 6 } }])).toMatchObject({
      ...{ task: null, dataset: null, loss: 10 / 3, tokens: 24 },
      components: { infonce: 4.5, pearson: 0.5 },
    });
  });
});
