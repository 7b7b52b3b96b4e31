/** The gradient cache: however a global batch is cut, every loss component stays the same, step after step. */
import { describe, expect, it } from 'vitest';
import { readModelFolder } from '../../src/formats/model-folder.ts';
import { cutByTokens } from '../../src/nn/batch.ts';
import type { TapeObserver } from '../../src/nn/tape.ts';
import type { RunSettings } from '../../src/train/catalog.ts';
import { loadForTraining } from '../../src/train/checkpoint.ts';
import { loadTrainingData } from '../../src/train/data.ts';
import { drawBatch } from '../../src/train/draw.ts';
import { recordGradients } from '../../src/train/gradients.ts';
import { train } from '../../src/train/loop.ts';
import { expectGradient, testGpu } from '../device.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { prepareTinyRun, tinySettings } from './fixture.ts';

const folder = temporaryFolder();
const steps = 20;

/** Components of every step's loss. */
async function components(settings: RunSettings): Promise<Record<string, number>[]> {
  const { input, storage } = await prepareTinyRun(folder(), settings);
  const seen: Record<string, number>[] = [];
  await train(await testGpu(), storage, input, {
    signal: new AbortController().signal,
    turn: async () => {},
    emit: (event) => {
      if (event.type === 'step') seen.push({ ...event.components });
    },
  });
  return seen;
}

/** The largest |a - b| / max(1, |a|) over all components of all steps. */
function largestDifference(a: readonly Record<string, number>[], b: readonly Record<string, number>[]): number {
  return Math.max(
    ...a.flatMap((step, index) =>
      Object.entries(step).map(([name, value]) => Math.abs(value - b[index]![name]!) / Math.max(1, Math.abs(value))),
    ),
  );
}

describe.each([
  { name: 'without dropout', dropout: 0, sampler: 'dynamic' as const },
  { name: 'with dropout', dropout: 0.1, sampler: 'dynamic' as const },
  { name: 'of shards with dropout', dropout: 0.1, sampler: 'mixed' as const },
])('micro-batches $name', ({ dropout, sampler }) => {
  it('of the whole batch, half and an eighth give equal losses for 20 steps', async () => {
    // The largest batch has about 16 texts of 10 tokens.
    const settings = (microBatchTokens: number): RunSettings =>
      tinySettings({
        ...{ sampler, shardsPerUpdate: 2, dropout, attentionDropout: dropout },
        ...{ epochs: 3, maxBatches: steps, microBatchTokens },
      });
    const whole = await components(settings(4096));
    expect(whole.length).toBe(steps);
    for (const tokens of [100, 25]) {
      expect(largestDifference(whole, await components(settings(tokens)))).toBeLessThanOrEqual(1e-5);
    }
  });
});

describe('pieces of a batch that fits into memory', () => {
  it.each([0, 0.1])('are encoded once and give equal gradients, with a dropout of %d', async (dropout) => {
    const gpu = await testGpu();
    const settings = tinySettings({ dropout, attentionDropout: dropout });
    const { storage, input } = await prepareTinyRun(folder(), settings);
    const model = await readModelFolder(await storage.require('models', input.model));
    await model.close();
    const encoder = await loadForTraining(gpu, storage, input.model, { dropout: dropout > 0 });
    const data = await loadTrainingData(storage, input.datasets, model.spec);
    for (const dataset of [0, 1]) {
      const planned = { dataset, records: Uint32Array.from({ length: 6 }, (_, i) => 2 * i), pass: 0 };
      const batch = drawBatch({ settings, epoch: 0, data }, planned);
      const gradientsOf = async (pieceTokens: number) => {
        let encoded = 0;
        const observer: TapeObserver = (kind, { label }) => {
          if (kind === 'value' && label === 'embedding') encoded++;
        };
        const turn = async (): Promise<void> => {};
        const batches = [batch];
        const recorded = await recordGradients({ encoder, settings, batches, step: 1, turn, observer, pieceTokens });
        recorded.release();
        const gradients = new Map<string, Float32Array>();
        for await (const { name, data } of encoder.parameters.read('gradients')) gradients.set(name, data.slice());
        return { encoded, gradients };
      };
      const whole = await gradientsOf(Number.POSITIVE_INFINITY);
      const inPieces = await gradientsOf(40);
      expect(whole.encoded).toBe(1);
      const cuts = cutByTokens(batch.texts.cumulative, 40).length - 1;
      expect(cuts).toBeGreaterThan(2);
      expect(inPieces.encoded).toBe(cuts);
      const all = Math.hypot(...[...whole.gradients.values()].map((values) => Math.hypot(...values)));
      for (const [name, values] of whole.gradients) expectGradient(inPieces.gradients.get(name)!, values, name, all);
    }
    encoder.parameters.free();
  });
});
