/** What a run will need, before it starts: its steps, and its memory on the device by arithmetic alone. */
import { totalmem } from 'node:os';
import { samplers } from '../data/samplers/index.ts';
import type { SampledDataset } from '../data/samplers/sampler.ts';
import type { Task } from '../data/types.ts';
import type { Gpu } from '../device/types.ts';
import { limitExceeded } from '../errors.ts';
import { headSizeOf } from '../model/architecture.ts';
import { dimensionOf, modelParameters, pooledWidth } from '../model/pipeline.ts';
import type { ModelSpec } from '../model/types.ts';
import { activationBytes } from '../nn/encoders/memory.ts';
import { layoutParameters } from '../nn/parameter-layout.ts';
import type { TokenFile } from '../tokens/types.ts';
import type { RunSettings } from './catalog.ts';
import type { TrainingData } from './data.ts';
import { largestTextCount } from './global-batch.ts';
import type { PlanOutput } from './types.ts';

/** The data sets as the sampler sees them. */
export const sampledDatasets = (settings: RunSettings, data: readonly TrainingData[]): SampledDataset[] =>
  data.map(({ dataset: { name, task, weight }, file }) => ({
    name,
    weight,
    n: file.splits.train.query.length,
    batchSize: task === 'ir' ? settings.irBatchSize : settings.stsBatchSize,
  }));

/** The part of a device that a plan is checked against. */
export type PlannedDevice = Pick<Gpu, 'traits' | 'largestBinding' | 'mostMemory'>;

/** Steps and memory. Refuses, with the numbers, what the adapter cannot hold. */
export function planRun(
  gpu: PlannedDevice,
  spec: ModelSpec,
  settings: RunSettings,
  data: readonly TrainingData[],
): PlanOutput {
  const counts = samplers[settings.sampler].batchCounts(sampledDatasets(settings, data));
  const perEpoch = counts.reduce((sum, count) => sum + count, 0);
  const steps = Math.min(perEpoch * settings.epochs, settings.maxBatches ?? Number.POSITIVE_INFINITY);
  const memory = planMemory(gpu, spec, settings, data);
  return {
    steps,
    epochs: Math.ceil(steps / perEpoch),
    batches: Object.fromEntries(data.map(({ dataset: { name } }, index) => [name, counts[index]!])),
    parameters: modelParameters(spec).reduce(
      (sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1),
      0,
    ),
    memory,
  };
}

function planMemory(
  gpu: PlannedDevice,
  spec: ModelSpec,
  settings: RunSettings,
  data: readonly TrainingData[],
): PlanOutput['memory'] {
  const limit = gpu.largestBinding;
  const { bytes } = layoutParameters(modelParameters(spec), limit);
  const texts = Math.max(...data.map(({ dataset }) => largestBatch(settings, dataset.task)));
  const longest = Math.max(...data.map(({ file }) => longestText(file)));
  const tokens = Math.min(texts * longest, Math.max(settings.microBatchTokens, longest));
  const { width, innerWidth, heads } = spec.architecture;
  const widest = Math.max(width, innerWidth, heads * headSizeOf(spec.architecture));
  refuseBinding('microBatchTokens', `A micro-batch of ${tokens} tokens`, tokens * widest * 4, limit);
  const vector = Math.max(dimensionOf(spec), pooledWidth(spec));
  refuseBinding('irBatchSize', `A global batch of ${texts} texts`, texts * vector * 4, limit);
  const parts = {
    parameters: 2 * bytes,
    optimizer: 2 * bytes,
    activations: activationBytes(spec, tokens),
    // Vectors and gradients of two layers, and their shares within the loss.
    representations: 8 * texts * vector * 4 + 2 * texts * texts * 4,
  };
  const total = Object.values(parts).reduce((sum, part) => sum + part, 0);
  if (gpu.traits.memory === 'host') refuseMemory(total, totalmem(), "this machine's memory");
  refuseMemory(total, gpu.mostMemory, 'which is what this device can address');
  return { ...parts, total };
}

const largestBatch = (settings: RunSettings, task: Task): number =>
  largestTextCount(
    task,
    task === 'ir' ? settings.irBatchSize : settings.stsBatchSize,
    settings.positives,
    settings.negatives,
  );

/** Tokens of the longest text of the train split: no other is read by a run. */
function longestText({ texts: { cumulative }, splits: { train } }: TokenFile): number {
  let longest = 0;
  for (const list of [train.query, train.positives.values, train.negatives.values]) {
    for (const text of list) longest = Math.max(longest, cumulative[text + 1]! - cumulative[text]!);
  }
  return longest;
}

function refuseBinding(field: string, what: string, bytes: number, limit: number): void {
  if (bytes <= limit) return;
  throw limitExceeded(`${what} needs ${bytes} bytes in one binding`, {
    field: `settings.${field}`,
    expected: `at most ${limit} bytes, the adapter's limit`,
    remedy: `Lower ${field}.`,
  });
}

/** For devices that compute in the machine's memory. */
function refuseMemory(bytes: number, available: number, what: string): void {
  if (bytes <= available) return;
  throw limitExceeded(`The run needs about ${bytes} bytes on the device`, {
    field: 'settings',
    expected: `at most ${available} bytes, ${what}`,
    remedy: 'Lower microBatchTokens or the batch sizes, or use a smaller model.',
  });
}
