/**
 * Ten joint updates of each sampler against the same ten in float64: encoder, losses, AdamW and schedule by the
 * reference code.
 */
import { describe, it } from 'vitest';
import { readModelFolder } from '../../src/formats/model-folder.ts';
import { encoderParameters } from '../../src/model/parameter-shapes.ts';
import type { EncoderSpec } from '../../src/nn/types.ts';
import type { RunSettings } from '../../src/train/catalog.ts';
import { loadTrainingData } from '../../src/train/data.ts';
import { drawBatch } from '../../src/train/draw.ts';
import type { GlobalBatch } from '../../src/train/global-batch.ts';
import { train } from '../../src/train/loop.ts';
import { samplingOfRun } from '../../src/train/sampling.ts';
import { scheduleFactor } from '../../src/train/schedule.ts';
import { expectClose, testGpu } from '../device.ts';
import { referenceBert } from '../reference/bert.ts';
import { cosines, cosinesBackward, infonce, innerInfonce, pearson, pro, rankKl } from '../reference/losses.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { tolerances } from '../tolerances.ts';
import { prepareTinyRun, tinySettings } from './fixture.ts';

const folder = temporaryFolder();

interface Layers {
  readonly final: Float64Array;
  readonly inner: Float64Array;
}

/** Total loss of a batch and its gradients with respect to the unit vectors, with the default terms. */
function referenceLoss(batch: GlobalBatch, width: number, { final, inner }: Layers): { value: number; d: Layers } {
  const B = batch.size * width;
  const rows = (all: Float64Array, from: number, to?: number): Float64Array => all.slice(from, to);
  if (batch.task === 'ir') {
    const P = batch.positives * B;
    const [queries, positives, negatives] = [rows(final, 0, B), rows(final, B, B + P), rows(final, B + P)];
    const counts = { P: batch.positives, N: batch.negatives };
    const loss = infonce({ queries, positives, negatives, width, ...counts, temperature: 0.02 });
    const d = Float64Array.from([...loss.dQueries, ...loss.dPositives, ...loss.dNegatives]);
    return { value: loss.value, d: { final: d, inner: new Float64Array(inner.length) } };
  }
  const [queries, partners] = [rows(final, 0, B), rows(final, B)];
  const s = cosines(queries, partners, width);
  const terms = [
    { weight: 2, ...pearson(s, batch.grades) },
    { weight: 0.5, ...pro(s, batch.grades) },
    { weight: 5, ...rankKl(s, batch.grades) },
  ];
  const dSimilarity = s.map((_, i) => terms.reduce((sum, term) => sum + term.weight * term.dSimilarity[i]!, 0));
  const { dQueries, dPartners } = cosinesBackward(queries, partners, dSimilarity);
  const onInner = innerInfonce(rows(inner, 0, B), rows(inner, B), width, batch.grades);
  return {
    value: terms.reduce((sum, { weight, value }) => sum + weight * value, 0) + onInner.value,
    d: {
      final: Float64Array.from([...dQueries, ...dPartners]),
      inner: Float64Array.from([...onInner.dQueries, ...onInner.dPositives]),
    },
  };
}

/** AdamW with clipping, as torch: decay of matrices only. */
class ReferenceAdamW {
  readonly #moments = new Map<string, { m: Float64Array; v: Float64Array }>();

  update(
    weights: Map<string, Float64Array>,
    gradients: ReadonlyMap<string, Float64Array>,
    decayed: (name: string) => boolean,
    { optimizer }: RunSettings,
    { step, rate }: { step: number; rate: number },
  ): void {
    const norm = Math.hypot(...[...gradients.values()].map((gradient) => Math.hypot(...gradient)));
    const clip = Math.min(1, (optimizer.clipNorm ?? Number.POSITIVE_INFINITY) / (norm + 1e-6));
    for (const [name, gradient] of gradients) {
      const values = weights.get(name)!;
      const zeros = (): Float64Array => new Float64Array(values.length);
      const { m, v } = this.#moments.get(name) ?? { m: zeros(), v: zeros() };
      this.#moments.set(name, { m, v });
      for (let i = 0; i < values.length; i++) {
        const g = gradient[i]! * clip;
        m[i] = optimizer.beta1 * m[i]! + (1 - optimizer.beta1) * g;
        v[i] = optimizer.beta2 * v[i]! + (1 - optimizer.beta2) * g * g;
        const mHat = m[i]! / (1 - optimizer.beta1 ** step);
        const vHat = v[i]! / (1 - optimizer.beta2 ** step);
        const decay = decayed(name) ? optimizer.weightDecay : 0;
        values[i] = values[i]! * (1 - rate * decay) - (rate * mHat) / (Math.sqrt(vHat) + optimizer.epsilon);
      }
    }
  }
}

async function referenceLosses(settings: RunSettings, steps: number): Promise<number[]> {
  const { input, storage } = await prepareTinyRun(folder(), settings);
  const model = await readModelFolder(storage.path('models', input.model));
  const spec: EncoderSpec = model.spec;
  const shapes = encoderParameters(spec.family, spec.architecture);
  const weights = new Map<string, Float64Array>();
  for (const { name } of shapes) weights.set(name, Float64Array.from(await model.weights.read(name)));
  await model.close();
  const data = await loadTrainingData(storage, input.datasets, model.spec);
  const sampling = samplingOfRun(settings, data);
  const planned = [0, 1].flatMap((epoch) => sampling.planEpoch(epoch).updates.map((update) => ({ epoch, update })));
  const matrices = new Set(shapes.filter(({ shape }) => shape.length > 1).map(({ name }) => name));
  const optimizer = new ReferenceAdamW();
  return planned.slice(0, steps).map(({ epoch, update }, index) => {
    const parts = update.map((plan) => {
      const batch = drawBatch({ settings, epoch, data }, plan);
      const encoding = referenceBert(spec, weights, batch.texts);
      const { value, d } = referenceLoss(batch, spec.architecture.width, {
        final: encoding.final.data,
        inner: encoding.inner.data,
      });
      encoding.final.gradient.set(d.final);
      encoding.inner.gradient.forEach((_, i, all) => {
        all[i]! += d.inner[i]!;
      });
      return { value, gradients: encoding.backward() };
    });
    const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / parts.length;
    const gradients = new Map(
      [...parts[0]!.gradients].map(([name, first]) => [
        name,
        first.map((_, i) => mean(parts.map((part) => part.gradients.get(name)![i]!))),
      ]),
    );
    const rate = settings.optimizer.learningRate * scheduleFactor(index, steps, settings.optimizer.warmupRatio);
    optimizer.update(weights, gradients, (name) => matrices.has(name), settings, { step: index + 1, rate });
    return mean(parts.map(({ value }) => value));
  });
}

describe('ten updates', () => {
  it.each([
    ['dynamic', { irBatchSize: 3, stsBatchSize: 6 }],
    ['single', { irBatchSize: 4 }],
    ['mixed', { irBatchSize: 9, shardsPerUpdate: 3 }],
  ] as const)('of the sampler %s follow the float64 reference', async (sampler, sizes) => {
    const steps = 10;
    const settings = tinySettings({
      ...{ ...sizes, sampler, epochs: 2, maxBatches: steps },
      dropout: 0,
      attentionDropout: 0,
    });
    const { input, storage } = await prepareTinyRun(folder(), settings);
    const losses: number[] = [];
    await train(await testGpu(), storage, input, {
      signal: new AbortController().signal,
      turn: async () => {},
      emit: (event) => {
        if (event.type === 'step') losses.push(event.loss);
      },
    });
    expectClose(losses, await referenceLosses(settings, steps), tolerances.trajectory, 'loss of step');
  });
});
