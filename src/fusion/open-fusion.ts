/**
 * A fusion as a stream of merged tensors, whether they are written to a folder or computed with in memory. At most one
 * tensor of each model is held.
 */
import { basename } from 'node:path';
import { readParameters, rowOf } from '../catalog-parameters.ts';
import { badInput, TandemError } from '../errors.ts';
import type { ModelFolder } from '../formats/model-folder.ts';
import { modelParameters } from '../model/pipeline.ts';
import type { NamedTensor, ParameterShape } from '../model/types.ts';
import type { Storage } from '../storage/storage.ts';
import { fusionCatalog } from './catalog.ts';
import { type Lineage, openLineage } from './lineage.ts';
import { fusionMethods } from './methods/index.ts';
import type { FusedModels, Merging, Method, TensorSet } from './methods/method.ts';
import { pauseOf } from './pieces.ts';
import type { FuseInput, FusionFigure, FusionPlan } from './types.ts';
import { readWeights } from './weights.ts';

export interface FuseOptions {
  readonly signal?: AbortSignal;
  readonly onTensor?: (done: number, total: number) => void;
}

export interface OpenFusion {
  /** What the deltas are taken from. */
  readonly base: ModelFolder;
  /** Every parameter of the fused model once, in the order of the model. */
  readonly tensors: AsyncGenerator<NamedTensor>;
  /** The method's figures of the tensors merged so far. */
  figures(): readonly FusionFigure[];
}

// The compiler cannot pair a name with its own parameters and figures; the record of methods does.
type AnyMerging = Merging<never>;

/** Checks plan and lineage, hands the open fusion to `work`, and closes the models after it. */
export async function withFusion<Result>(
  storage: Storage,
  input: FuseInput,
  options: FuseOptions,
  work: (fusion: OpenFusion) => Promise<Result>,
): Promise<Result> {
  const lineage = await openLineage(storage, input);
  try {
    const models = readerOf(lineage, input.plan);
    const merging = await mergingOf(models, input.plan, options.signal);
    const figures = (): FusionFigure[] =>
      Object.entries<number | null>(merging.figures?.() ?? {}).map(([name, value]) => ({ name, value }));
    return await work({ base: lineage.base, tensors: mergedTensors(models, merging, options), figures });
  } finally {
    await lineage.close();
  }
}

/** The plan as a function of one tensor. */
async function mergingOf(
  models: FusedModels,
  { method, parameters }: FusionPlan,
  signal?: AbortSignal,
): Promise<AnyMerging> {
  const row = rowOf(fusionCatalog, method, 'plan.method');
  const values = readParameters(row, parameters, 'plan.parameters');
  const prepare: Method<never> = fusionMethods[row.name];
  return prepare(values as never, models, pauseOf(signal));
}

async function* mergedTensors(
  models: FusedModels,
  { merge }: AnyMerging,
  { signal, onTensor }: FuseOptions,
): AsyncGenerator<NamedTensor> {
  for (const [done, parameter] of models.parameters.entries()) {
    signal?.throwIfAborted();
    const { name, shape } = parameter;
    const data = await merge(parameter, await models.read(parameter));
    refuseOverflow(name, data);
    yield { name, shape, data };
    onTensor?.(done + 1, models.parameters.length);
  }
}

/** Sums in f64 of finite weights are finite; rounded to f32 they may not be. */
function refuseOverflow(name: string, data: Float32Array): void {
  for (let i = 0; i < data.length; i++) {
    if (Number.isFinite(data[i])) continue;
    throw badInput(`The fused tensor ${name} holds ${data[i]} at ${i}`, {
      field: 'plan',
      expected: 'parameters and weights with which every value stays within f32',
      remedy: 'Choose smaller parameters or weights.',
    });
  }
}

function readerOf({ base, checkpoints }: Lineage, { method, weights: given }: FusionPlan): FusedModels {
  const row = rowOf(fusionCatalog, method, 'plan.method');
  const weights = readWeights(row, checkpoints.length, given, 'plan.weights');
  const read = async (parameter: ParameterShape): Promise<TensorSet> => {
    const reads = [base, ...checkpoints].map((model, k) => readTensor(model, k, parameter));
    const [initial, ...others] = await Promise.all(reads);
    return { shape: parameter.shape, initial, checkpoints: others, weights };
  };
  return { parameters: modelParameters(base.spec), read };
}

/**
 * Refuses a tensor that is not finite, too: one such weight would make every weight of its group NaN in the fused
 * model.
 */
async function readTensor(
  { path, weights }: ModelFolder,
  k: number,
  { name, shape }: ParameterShape,
): Promise<Float32Array> {
  try {
    return await weights.read(name, shape);
  } catch (error) {
    if (error instanceof TandemError && error.code !== 'BAD_USER_INPUT') throw error;
    throw badInput(`The model ${basename(path)} cannot be fused: ${(error as Error).message}`, {
      field: k === 0 ? 'base' : 'checkpoints',
      expected: 'models whose weights are all there, and finite numbers',
      remedy: 'Leave this checkpoint out; a run that produced it went wrong before it was written.',
    });
  }
}
