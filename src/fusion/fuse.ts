/**
 * Fuses checkpoints of one lineage into a new model folder. Streams: one tensor of each checkpoint at a time.
 */
import { basename } from 'node:path';
import { readParameters, rowOf } from '../catalog-parameters.ts';
import { badInput, TandemError } from '../errors.ts';
import { type ModelFolder, readTokenizerJson, writeModelFolder } from '../formats/model-folder.ts';
import { publishModel } from '../formats/publish-model.ts';
import type { PublishedModel } from '../formats/types.ts';
import { modelParameters } from '../model/pipeline.ts';
import type { NamedTensor, ParameterShape } from '../model/types.ts';
import { readOwn } from '../storage/own-files.ts';
import type { Storage } from '../storage/storage.ts';
import { fusionCatalog } from './catalog.ts';
import { type Lineage, openLineage } from './lineage.ts';
import { fusionMethods } from './methods/index.ts';
import type { Merge, Method, TensorSet } from './methods/method.ts';
import { pauseOf } from './pieces.ts';
import type { FuseInput, FusionPlan } from './types.ts';

export interface FuseOptions {
  readonly signal?: AbortSignal;
  readonly onTensor?: (done: number, total: number) => void;
}

/**
 * Checks the lineage, then writes and publishes the fused model. It descends from theta_0, so it can be fused again.
 */
export async function fuse(storage: Storage, input: FuseInput, options: FuseOptions = {}): Promise<PublishedModel> {
  const lineage = await openLineage(storage, input);
  try {
    const merge = await mergeOf(lineage, input.plan, options.signal);
    const spec = { ...lineage.base.spec, initialisation: input.initial };
    const tokenizerJson = await readOwn(storage, 'models', input.initial, readTokenizerJson);
    return await publishModel(storage, spec, (folder) =>
      writeModelFolder(folder, {
        ...{ spec, tokenizerJson, tokenizerSettings: lineage.base.tokenizerSettings },
        tensors: mergedTensors(lineage, merge, options),
      }),
    );
  } finally {
    await lineage.close();
  }
}

/** The plan as a function of one tensor. */
async function mergeOf(lineage: Lineage, { method, parameters }: FusionPlan, signal?: AbortSignal): Promise<Merge> {
  const row = rowOf(fusionCatalog, method, 'plan.method');
  const values = readParameters(row, parameters, 'plan.parameters');
  const models = { parameters: parametersOf(lineage), read: (shape: ParameterShape) => readTensorSet(lineage, shape) };
  // The compiler cannot pair a name with its own parameters; the record of methods does.
  const prepare: Method<never> = fusionMethods[row.name];
  return prepare(values as never, models, pauseOf(signal));
}

async function* mergedTensors(lineage: Lineage, merge: Merge, options: FuseOptions): AsyncGenerator<NamedTensor> {
  const parameters = parametersOf(lineage);
  for (const [done, parameter] of parameters.entries()) {
    options.signal?.throwIfAborted();
    const { name, shape } = parameter;
    yield { name, shape, data: await merge(parameter, await readTensorSet(lineage, parameter)) };
    options.onTensor?.(done + 1, parameters.length);
  }
}

const parametersOf = ({ base: { spec } }: Lineage): ParameterShape[] => modelParameters(spec);

async function readTensorSet({ base, checkpoints }: Lineage, parameter: ParameterShape): Promise<TensorSet> {
  const [start, ...others] = await Promise.all([base, ...checkpoints].map((model, k) => read(model, k, parameter)));
  return { shape: parameter.shape, initial: start, checkpoints: others };
}

/**
 * Refuses a tensor that is not finite, too: one such weight would make every weight of its group NaN in the fused
 * model.
 */
async function read({ path, weights }: ModelFolder, k: number, { name, shape }: ParameterShape): Promise<Float32Array> {
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
