/** Updates of a run in float64: encoder, losses, AdamW and schedule by the reference code. */
import { readModelFolder } from '../../src/formats/model-folder.ts';
import { modelParameters } from '../../src/model/pipeline.ts';
import type { EncoderSpec } from '../../src/nn/types.ts';
import type { RunSettings } from '../../src/train/catalog.ts';
import { loadTrainingData } from '../../src/train/data.ts';
import { drawBatch } from '../../src/train/draw.ts';
import type { GlobalBatch } from '../../src/train/global-batch.ts';
import { samplingOfRun } from '../../src/train/sampling.ts';
import { scheduleFactor } from '../../src/train/schedule.ts';
import { referenceBert } from '../reference/bert.ts';
import { cosines, cosinesBackward, infonce, innerInfonce, pearson, pro, rankKl } from '../reference/losses.ts';
import { prepareTinyRun } from './fixture.ts';

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

/** How a parameter is trained: the highest rate and the decay; undefined = it is frozen. */
export type Treatment = { readonly learningRate: number; readonly weightDecay: number } | undefined;

/** AdamW with clipping by the norm of all that is trained, as torch with parameter groups. */
class ReferenceAdamW {
  readonly #moments = new Map<string, { m: Float64Array; v: Float64Array }>();

  /** One update in place; `factor` is the schedule's. Gives the norm of the gradients before clipping. */
  update(
    weights: Map<string, Float64Array>,
    gradients: ReadonlyMap<string, Float64Array>,
    treatmentOf: (name: string) => Treatment,
    { optimizer }: RunSettings,
    { step, factor }: { step: number; factor: number },
  ): number {
    const trained = [...gradients].filter(([name]) => treatmentOf(name) !== undefined);
    const norm = Math.hypot(...trained.map(([, gradient]) => Math.hypot(...gradient)));
    const clip = Math.min(1, (optimizer.clipNorm ?? Number.POSITIVE_INFINITY) / (norm + 1e-6));
    for (const [name, gradient] of trained) {
      const { learningRate, weightDecay } = treatmentOf(name)!;
      const rate = learningRate * factor;
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
        values[i] = values[i]! * (1 - rate * weightDecay) - (rate * mHat) / (Math.sqrt(vHat) + optimizer.epsilon);
      }
    }
    return norm;
  }
}

export interface ReferenceRun {
  readonly losses: readonly number[];
  readonly norms: readonly number[];
  /** After the last update. */
  readonly weights: ReadonlyMap<string, Float64Array>;
}

/** The first updates of the tiny run in `root`. Tensors with one axis do not decay, whatever `treatmentOf` says. */
export async function referenceRun(
  root: string,
  settings: RunSettings,
  steps: number,
  treatmentOf: (name: string) => Treatment = () => settings.optimizer,
  encoder?: EncoderSpec,
): Promise<ReferenceRun> {
  const { input, storage } = await prepareTinyRun(root, settings, encoder);
  const model = await readModelFolder(storage.path('models', input.model));
  const spec: EncoderSpec = model.spec;
  const shapes = modelParameters(spec);
  const weights = new Map<string, Float64Array>();
  for (const { name } of shapes) weights.set(name, Float64Array.from(await model.weights.read(name)));
  await model.close();
  const data = await loadTrainingData(storage, input.datasets, model.spec);
  const sampling = samplingOfRun(settings, data);
  const planned = [0, 1].flatMap((epoch) => sampling.planEpoch(epoch).updates.map((update) => ({ epoch, update })));
  const vectors = new Set(shapes.filter(({ shape }) => shape.length === 1).map(({ name }) => name));
  const treated = (name: string): Treatment => {
    const treatment = treatmentOf(name);
    return treatment && vectors.has(name) ? { ...treatment, weightDecay: 0 } : treatment;
  };
  const optimizer = new ReferenceAdamW();
  const norms: number[] = [];
  const losses = planned.slice(0, steps).map(({ epoch, update }, index) => {
    const parts = update.map((plan) => {
      const batch = drawBatch({ settings, epoch, data }, plan);
      const layer = Number(batch.terms.find(({ loss }) => loss === 'inner-infonce')?.parameters['layer'] ?? 0);
      const options = { task: batch.task, innerLayer: layer || undefined };
      const encoding = referenceBert(spec, weights, batch.texts, options);
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
    const factor = scheduleFactor(index, steps, settings.optimizer.warmupRatio);
    norms.push(optimizer.update(weights, gradients, treated, settings, { step: index + 1, factor }));
    return mean(parts.map(({ value }) => value));
  });
  return { losses, norms, weights };
}
