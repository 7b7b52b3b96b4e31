/** What a run will need, before it starts: its steps, and its memory on the device by arithmetic alone. */
import { totalmem } from 'node:os';
import type { BatchSizes } from '../data/samplers/sampler.ts';
import type { Gpu } from '../device/types.ts';
import { invariant, limitExceeded } from '../errors.ts';
import { headSizeOf } from '../model/architecture.ts';
import { dimensionOf, modelParameters, pooledWidth } from '../model/pipeline.ts';
import type { ModelSpec } from '../model/types.ts';
import { activationBytes } from '../nn/encoders/memory.ts';
import { layoutParameters } from '../nn/parameter-layout.ts';
import { keepsPacked } from '../nn/parameter-store.ts';
import type { TokenFile } from '../tokens/types.ts';
import type { RunSettings } from './catalog.ts';
import { checkTeacherScores, type TrainingData } from './data.ts';
import { largestTextCount } from './global-batch.ts';
import { groupParameters } from './parameter-groups.ts';
import { samplingOfRun } from './sampling.ts';
import { teacherBatchTokens, teacherBytes } from './teacher.ts';
import { needsTeacher, shownPositives, termsOf } from './terms.ts';
import type { PlanOutput, TrainDataset } from './types.ts';

/** Room on a device of bounded memory for what is served beside a run. */
const reservedBytes = 2 ** 26;

/** The part of a device that a plan is checked against. */
export type PlannedDevice = Pick<Gpu, 'traits' | 'largestBinding' | 'mostMemory'>;

/** Steps and memory. Refuses, with the numbers, what the adapter cannot hold. */
export function planRun(
  gpu: PlannedDevice,
  spec: ModelSpec,
  settings: RunSettings,
  data: readonly TrainingData[],
  teacher?: ModelSpec,
): PlanOutput {
  checkTeacherScores(settings, data);
  checkTeacher(settings, data);
  const sampling = samplingOfRun(settings, data);
  // A data set that gives no batches of distinct texts is refused before anything is trained.
  if (settings.distinctTexts) sampling.planEpoch(0);
  const { counts, sizes, updatesPerEpoch } = sampling;
  const steps = Math.min(updatesPerEpoch * settings.epochs, settings.maxBatches ?? Number.POSITIVE_INFINITY);
  return {
    steps,
    epochs: Math.ceil(steps / updatesPerEpoch),
    batches: Object.fromEntries(data.map(({ dataset: { name } }, index) => [name, counts[index]!])),
    updatesPerEpoch,
    batchesPerUpdate: sizes.perUpdate,
    batchSizes: Object.fromEntries(data.map(({ dataset: { name, task } }) => [name, sizes[task]])),
    texts: Object.fromEntries(data.map(({ dataset }) => [dataset.name, largestBatch(settings, dataset, sizes)])),
    ...planMemory(gpu, { spec, teacher }, settings, { data, sizes }),
  };
}

function planMemory(
  gpu: PlannedDevice,
  { spec, teacher }: { readonly spec: ModelSpec; readonly teacher: ModelSpec | undefined },
  settings: RunSettings,
  { data, sizes }: { readonly data: readonly TrainingData[]; readonly sizes: BatchSizes },
): Pick<PlanOutput, 'parameters' | 'memory' | 'microBatchTokens'> {
  const limit = gpu.largestBinding;
  const { groupOf, frozenBlocks } = groupParameters(spec, settings.optimizer);
  const { bytes, trained } = layoutParameters(modelParameters(spec), limit, groupOf);
  const texts = Math.max(...data.map(({ dataset }) => largestBatch(settings, dataset, sizes)));
  const longest = Math.max(...data.map(({ file }) => longestText(file)));
  const taught = data.flatMap((each) => (each.teacher ? [longestText(each.teacher)] : []));
  const widest = widestOf(spec);
  const held = { recompute: settings.recomputeActivations, frozenBlocks };
  const activations = (tokens: number): number => activationBytes(spec, tokens, held);
  const vector = Math.max(dimensionOf(spec), pooledWidth(spec));
  const levels = sum((settings.matryoshka ?? []).map(({ dimension }) => dimension));
  refuseBinding('irBatchSize', `A global batch of ${texts} texts`, texts * vector * 4, limit);
  if (teacher) refuseTeacher(teacher, settings, { texts, longest: Math.max(...taught) }, limit);
  const fixed = {
    parameters: bytes + trained.bytes,
    optimizer: 2 * trained.bytes,
    // Vectors and gradients of two layers and of every level of Matryoshka, and their shares within the loss.
    representations: 8 * texts * (vector + levels) * 4 + 2 * texts * texts * 4,
    teacher: teacher ? teacherBytes(gpu, teacher, settings, { texts, longest: Math.max(...taught), width: vector }) : 0,
  };
  // A checkpoint reads one kind of them at a time, and searches go on beside a run, with their matrices packed.
  const reserve = Math.min(bytes, limit) * (keepsPacked(gpu, bytes) ? 2 : 1) + reservedBytes;
  const room = gpu.mostMemory - sum(Object.values(fixed)) - reserve;
  const fitting = Math.floor(Math.min(limit / (widest * 4), room / activations(1)));
  const microBatchTokens = Math.max(longest, Math.min(settings.microBatchTokens, fitting));
  const tokens = Math.min(texts * longest, microBatchTokens);
  refuseBinding('maxLength', `A text of ${longest} tokens`, tokens * widest * 4, limit);
  const parts = { ...fixed, activations: activations(tokens) };
  const total = sum(Object.values(parts));
  if (gpu.traits.memory === 'host') refuseMemory(total, totalmem(), "this machine's memory", settings);
  refuseMemory(total, gpu.mostMemory, 'which is what this device can address', settings);
  return { parameters: trained.elements, memory: { ...parts, total }, microBatchTokens };
}

/** Who asks for a run gives it a teacher exactly where one is needed. */
function checkTeacher(settings: RunSettings, data: readonly TrainingData[]): void {
  for (const { dataset, teacher } of data) {
    const isNeeded = needsTeacher(termsOf(settings, dataset));
    invariant(
      isNeeded === (teacher !== undefined),
      `Data set ${dataset.name} has texts of a teacher exactly where its terms need one`,
    );
  }
}

const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0);

const largestBatch = (settings: RunSettings, dataset: TrainDataset, sizes: BatchSizes): number =>
  largestTextCount(
    dataset.task,
    sizes[dataset.task],
    shownPositives(termsOf(settings, dataset), settings.positives),
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

/** Values of the widest activation of a token. */
function widestOf({ architecture }: ModelSpec): number {
  const { width, innerWidth, heads } = architecture;
  return Math.max(width, innerWidth, heads * headSizeOf(architecture));
}

/** A teacher reads at its own longest text, and may be wider than the model. */
function refuseTeacher(
  teacher: ModelSpec,
  settings: RunSettings,
  { texts, longest }: { readonly texts: number; readonly longest: number },
  limit: number,
): void {
  const tokens = teacherBatchTokens(settings, { texts, longest });
  const bytes = 4 * Math.max(texts * dimensionOf(teacher), tokens * widestOf(teacher));
  if (bytes <= limit) return;
  throw limitExceeded(`The teacher needs ${bytes} bytes in one binding`, {
    field: 'teacher',
    expected: `at most ${limit} bytes, the adapter's limit`,
    remedy: 'Lower microBatchTokens or the batch sizes, or use a teacher that is smaller or reads shorter texts.',
  });
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
function refuseMemory(
  bytes: number,
  available: number,
  what: string,
  { recomputeActivations }: Pick<RunSettings, 'recomputeActivations'>,
): void {
  if (bytes <= available) return;
  throw limitExceeded(`The run needs about ${bytes} bytes on the device`, {
    field: 'settings',
    expected: `at most ${available} bytes, ${what}`,
    remedy: `${recomputeActivations ? 'Lower' : 'Set recomputeActivations, lower'} microBatchTokens, maxLength or the batch sizes, or use a smaller model, or a teacher that is smaller or reads shorter texts.`,
  });
}
