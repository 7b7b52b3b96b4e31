/**
 * A plan over open models, read tensor by tensor. A node's tensor is merged when the node above asks for it: at most
 * one tensor of each input is held on each level, and nothing is written in between.
 */
import { rowOf } from '../../catalog-parameters.ts';
import { badInput } from '../../errors.ts';
import type { ParameterShape } from '../../model/types.ts';
import { fusionCatalog } from '../catalog.ts';
import { fusionMethods } from '../methods/index.ts';
import type { FusedModels, Merging, Method, TensorSet } from '../methods/method.ts';
import type { Pause } from '../pieces.ts';
import type { FusionPlan } from '../types.ts';
import type { PlanScope, ScopeGroup } from './scope.ts';

export type ReadTensor = (parameter: ParameterShape) => Promise<Float32Array>;

/** What a plan is merged from. */
export interface PlanModels {
  /** What the deltas of every node are taken from. */
  readonly base: ReadTensor;
  readonly checkpoints: readonly ReadTensor[];
}

/**
 * Prepares a node and all below it, the innermost first; a method whose weights span tensors reads the models here. The
 * result merges a tensor that the node takes part in; throws a BAD_USER_INPUT where f32 cannot hold it.
 */
export async function openNode(scope: PlanScope, models: PlanModels, pause: Pause): Promise<ReadTensor> {
  const sources: ReadTensor[] = [];
  for (const input of scope.inputs) {
    sources.push(typeof input === 'number' ? models.checkpoints[input]! : await openNode(input, models, pause));
  }
  const merges = new Map<string, ReadTensor>();
  for (const group of scope.groups) {
    const read = (parameter: ParameterShape): Promise<TensorSet> => readSet(scope, group, sources, models, parameter);
    const { merge } = await prepare(scope.plan, { parameters: group.parameters, read }, pause);
    for (const { name } of group.parameters) {
      merges.set(name, async (parameter) => requireFinite(name, await merge(parameter, await read(parameter))));
    }
  }
  return (parameter) => merges.get(parameter.name)!(parameter);
}

// The compiler cannot pair a name with its own parameters and figures; the record of methods does.
type AnyMerging = Merging<never>;

async function prepare({ method, parameters }: FusionPlan, models: FusedModels, pause: Pause): Promise<AnyMerging> {
  const prepareMethod: Method<never> = fusionMethods[rowOf(fusionCatalog, method, 'method').name];
  return prepareMethod(parameters as never, models, pause);
}

/** Merges the tensors of nodes one after the other, so that one at a time holds its inputs, then reads the others. */
async function readSet(
  { inputs }: PlanScope,
  { places, weights }: ScopeGroup,
  sources: readonly ReadTensor[],
  { base }: PlanModels,
  parameter: ParameterShape,
): Promise<TensorSet> {
  const merged = new Map<number, Float32Array>();
  for (const place of places) {
    if (typeof inputs[place] !== 'number') merged.set(place, await sources[place]!(parameter));
  }
  const reads = places.map((place) => merged.get(place) ?? sources[place]!(parameter));
  const [initial, ...checkpoints] = await Promise.all([base(parameter), ...reads]);
  return { shape: parameter.shape, initial, checkpoints, weights };
}

/** Sums in f64 of finite weights are finite; rounded to f32 they may not be. */
function requireFinite(name: string, data: Float32Array): Float32Array {
  const at = data.findIndex((value) => !Number.isFinite(value));
  if (at < 0) return data;
  throw badInput(`The fused tensor ${name} holds ${data[at]} at ${at}`, {
    field: 'plan',
    expected: 'parameters and weights with which every value stays within f32',
    remedy: 'Choose smaller parameters or weights.',
  });
}
