/**
 * A fusion as a stream of merged tensors, whether they are written to a folder or computed with in memory. At most one
 * tensor of each model is held on each level of the plan.
 */
import { basename } from 'node:path';
import { badInput, TandemError } from '../errors.ts';
import type { ModelFolder } from '../formats/model-folder.ts';
import { modelParameters } from '../model/pipeline.ts';
import type { NamedTensor, ParameterShape } from '../model/types.ts';
import type { Storage } from '../storage/storage.ts';
import { type Lineage, openLineage } from './lineage.ts';
import { pauseOf } from './pieces.ts';
import { figuresOf, openNode, type PlanModels, type ReadTensor } from './plan/merge-plan.ts';
import { readPlan } from './plan/read-plan.ts';
import { coveredBy, type PlanScope, scopeOf } from './plan/scope.ts';
import { sizeOf } from './plan/size.ts';
import type { FuseInput, FusionFigure, PlanSize } from './types.ts';

export interface FuseOptions {
  readonly signal?: AbortSignal;
  readonly onTensor?: (done: number, total: number) => void;
}

export interface OpenFusion {
  /** What the deltas are taken from. */
  readonly base: ModelFolder;
  /** Every parameter of the fused model once, in the order of the model. */
  readonly tensors: AsyncGenerator<NamedTensor>;
  /** The figures of the plan's methods, of the tensors merged so far. */
  figures(): readonly FusionFigure[];
}

/** Checks plan and lineage, hands the open fusion to `work`, and closes the models after it. */
export async function withFusion<Result>(
  storage: Storage,
  input: FuseInput,
  options: FuseOptions,
  work: (fusion: OpenFusion) => Promise<Result>,
): Promise<Result> {
  const lineage = await openLineage(storage, input);
  try {
    const scope = scopeIn(lineage, input);
    const models = modelsOf(lineage);
    const root = await openNode(scope, models, pauseOf(options.signal));
    const covered = coveredBy(scope);
    // Where the root takes no part the base's values stay.
    const read: ReadTensor = (parameter) => (covered.has(parameter.name) ? root.read : models.base)(parameter);
    const tensors = mergedTensors(lineage, read, options);
    return await work({ base: lineage.base, tensors, figures: () => figuresOf(root) });
  } finally {
    await lineage.close();
  }
}

/** Checks plan and lineage as a fusion does, and says what it would take. Reads no weights. */
export async function planFusion(storage: Storage, input: FuseInput): Promise<PlanSize> {
  const lineage = await openLineage(storage, input);
  try {
    return sizeOf(scopeIn(lineage, input), modelParameters(lineage.base.spec));
  } finally {
    await lineage.close();
  }
}

/** Trees have their globs from the field `plan` of an input; every other input has none. */
function scopeIn({ base: { spec }, checkpoints }: Lineage, input: FuseInput): PlanScope {
  const plan = readPlan(input.plan, checkpoints.length, 'input.plan');
  return scopeOf(plan, modelParameters(spec), checkpoints.length, 'input.plan');
}

async function* mergedTensors(
  { base: { spec } }: Lineage,
  read: ReadTensor,
  { signal, onTensor }: FuseOptions,
): AsyncGenerator<NamedTensor> {
  const parameters = modelParameters(spec);
  for (const [done, parameter] of parameters.entries()) {
    signal?.throwIfAborted();
    const { name, shape } = parameter;
    yield { name, shape, data: await read(parameter) };
    onTensor?.(done + 1, parameters.length);
  }
}

function modelsOf({ base, checkpoints }: Lineage): PlanModels {
  return {
    base: keepingLast((parameter) => readTensor(base, 'base', parameter)),
    checkpoints: checkpoints.map((model) => (parameter) => readTensor(model, 'checkpoints', parameter)),
  };
}

/** Every level of a plan reads the same tensor of the base, one after the other. */
function keepingLast(read: ReadTensor): ReadTensor {
  let [last, data]: [string?, Promise<Float32Array>?] = [];
  return (parameter) => {
    if (last !== parameter.name || data === undefined) [last, data] = [parameter.name, read(parameter)];
    return data;
  };
}

/**
 * Refuses a tensor that is not finite, too: one such weight would make every weight of its group NaN in the fused
 * model.
 */
async function readTensor(
  { path, weights }: ModelFolder,
  field: 'base' | 'checkpoints',
  { name, shape }: ParameterShape,
): Promise<Float32Array> {
  try {
    return await weights.read(name, shape);
  } catch (error) {
    if (error instanceof TandemError && error.code !== 'BAD_USER_INPUT') throw error;
    throw badInput(`The model ${basename(path)} cannot be fused: ${(error as Error).message}`, {
      field,
      expected: 'models whose weights are all there, and finite numbers',
      remedy: 'Leave this checkpoint out; a run that produced it went wrong before it was written.',
    });
  }
}
