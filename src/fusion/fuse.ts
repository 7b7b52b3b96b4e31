/** Fuses checkpoints of one initialisation into a new model folder. Streams: one tensor of each checkpoint at a time. */
import { basename } from 'node:path';
import { badInput } from '../errors.ts';
import { type ModelFolder, readTokenizerJson, writeModelFolder } from '../formats/model-folder.ts';
import { publishModel } from '../formats/publish-model.ts';
import type { PublishedModel } from '../formats/types.ts';
import { modelParameters } from '../model/pipeline.ts';
import type { NamedTensor, ParameterShape } from '../model/types.ts';
import type { Storage } from '../storage/storage.ts';
import { type DeltaGuided, deltaWeights, mergeTensor, squaredDeltas, type TensorSet } from './delta-guided.ts';
import { type Family, openFamily } from './family.ts';
import { readDeltaGuided } from './parameters.ts';
import { type Pause, pauseOf } from './pieces.ts';
import type { FuseInput, FusionPlan } from './types.ts';
import { meanOfWeights } from './uniform-soup.ts';

export interface FuseOptions {
  readonly signal?: AbortSignal;
  readonly onTensor?: (done: number, total: number) => void;
}

/** Merges one tensor of all models. */
type Merge = (parameter: ParameterShape, tensor: TensorSet) => Promise<Float32Array>;

/** Refuses strangers, then writes and publishes the fused model. Its lineage is theta_0's, so that it can be fused again. */
export async function fuse(storage: Storage, input: FuseInput, options: FuseOptions = {}): Promise<PublishedModel> {
  const family = await openFamily(storage, input);
  try {
    const merge = await mergeOf(family, input.plan, options.signal);
    const spec = { ...family.initial.spec, initialisation: input.initial };
    const tokenizerJson = await readTokenizerJson(family.initial.path);
    return await publishModel(storage, spec, (folder) =>
      writeModelFolder(folder, {
        ...{ spec, tokenizerJson, tokenizerSettings: family.initial.tokenizerSettings },
        tensors: mergedTensors(family, merge, options),
      }),
    );
  } finally {
    await family.close();
  }
}

/** The plan as a function of one tensor; what spans tensors is measured here in a first pass. */
async function mergeOf(family: Family, plan: FusionPlan, signal?: AbortSignal): Promise<Merge> {
  const pause = pauseOf(signal);
  if (plan.method === 'uniform-soup') return (_, { checkpoints }) => meanOfWeights(checkpoints, pause);
  if (plan.method !== 'delta-guided') {
    throw badInput(`The fusion method ${JSON.stringify(plan.method)} is not known`, { field: 'plan.method' });
  }
  const settings = readDeltaGuided(plan.parameters);
  if (settings.granularity !== 'layer' && settings.granularity !== 'model') {
    return (_, tensor) => mergeTensor(tensor, settings, pause);
  }
  const groupOf = ({ group }: ParameterShape): string => (settings.granularity === 'model' ? 'model' : group);
  const weights = await weightsByGroup(family, settings, groupOf, pause);
  return (parameter, tensor) => mergeTensor(tensor, settings, pause, weights.get(groupOf(parameter)));
}

async function weightsByGroup(
  family: Family,
  { power }: DeltaGuided,
  groupOf: (parameter: ParameterShape) => string,
  pause: Pause,
): Promise<ReadonlyMap<string, readonly number[]>> {
  const squares = new Map<string, number[]>();
  for (const parameter of parametersOf(family)) {
    await pause();
    const found = await squaredDeltas(await readTensorSet(family, parameter), pause);
    const before = squares.get(groupOf(parameter)) ?? found.map(() => 0);
    squares.set(
      groupOf(parameter),
      found.map((value, k) => value + before[k]),
    );
  }
  return new Map([...squares].map(([group, sums]) => [group, deltaWeights(sums.map(Math.sqrt), power)]));
}

async function* mergedTensors(family: Family, merge: Merge, options: FuseOptions): AsyncGenerator<NamedTensor> {
  const parameters = parametersOf(family);
  for (const [done, parameter] of parameters.entries()) {
    options.signal?.throwIfAborted();
    const { name, shape } = parameter;
    yield { name, shape, data: await merge(parameter, await readTensorSet(family, parameter)) };
    options.onTensor?.(done + 1, parameters.length);
  }
}

const parametersOf = ({ initial: { spec } }: Family): ParameterShape[] => modelParameters(spec);

async function readTensorSet({ initial, checkpoints }: Family, parameter: ParameterShape): Promise<TensorSet> {
  const [start, ...others] = await Promise.all([initial, ...checkpoints].map((model, k) => read(model, k, parameter)));
  return { shape: parameter.shape, initial: start, checkpoints: others };
}

/** Refuses a tensor that is not finite, too: one such weight would make every weight of its group NaN in the fused model. */
async function read({ path, weights }: ModelFolder, k: number, { name, shape }: ParameterShape): Promise<Float32Array> {
  try {
    return await weights.read(name, shape);
  } catch (error) {
    throw badInput(`The model ${basename(path)} cannot be fused: ${(error as Error).message}`, {
      field: k === 0 ? 'initial' : 'checkpoints',
      expected: 'models whose weights are all there, and finite numbers',
      remedy: 'Leave this checkpoint out; a run that produced it went wrong before it was written.',
    });
  }
}
