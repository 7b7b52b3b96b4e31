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
import type { FusionFigure, FusionPlan } from '../types.ts';
import type { PlanScope, ScopeGroup } from './scope.ts';

export type ReadTensor = (parameter: ParameterShape) => Promise<Float32Array>;

/** What a plan is merged from. */
export interface PlanModels {
  /** What the deltas of every node are taken from. */
  readonly base: ReadTensor;
  readonly checkpoints: readonly ReadTensor[];
}

/** A node that is ready to merge. */
export interface OpenNode {
  /** Merges a tensor that the node takes part in. Throws a BAD_USER_INPUT where f32 cannot hold it. */
  readonly read: ReadTensor;
  /** The method's figures of the tensors merged so far, by name. */
  figures(): Readonly<Record<string, number | null>>;
  /** What it merges, in order; null = a checkpoint. */
  readonly inputs: readonly (OpenNode | null)[];
}

/** Prepares a node and all below it, the innermost first; a method whose weights span tensors reads the models here. */
export async function openNode(scope: PlanScope, models: PlanModels, pause: Pause): Promise<OpenNode> {
  const inputs: (OpenNode | null)[] = [];
  for (const input of scope.inputs) {
    inputs.push(typeof input === 'number' ? null : await openNode(input, models, pause));
  }
  const sources = scope.inputs.map((input, i) => inputs[i]?.read ?? models.checkpoints[input as number]!);
  const groupOf = new Map(scope.groups.flatMap((group) => group.parameters.map(({ name }) => [name, group])));
  const read = (parameter: ParameterShape): Promise<TensorSet> =>
    readSet(scope, groupOf.get(parameter.name)!, sources, models, parameter);
  const parameters = scope.groups.flatMap((group) => group.parameters);
  const partOf = ({ name }: ParameterShape): string => groupOf.get(name)!.places.join();
  const { merge, figures } = await prepare(scope.plan, { parameters, read, partOf }, pause);
  return {
    read: async (parameter) => requireFinite(parameter.name, await merge(parameter, await read(parameter))),
    figures: () => figures?.() ?? {},
    inputs,
  };
}

/** The figures of a node and of all below it, by places in the plan as a list (inputs.ts). */
export function figuresOf(root: OpenNode): FusionFigure[] {
  const found: FusionFigure[] = [];
  let places = 0;
  const add = (open: OpenNode | null): void => {
    const node = places++;
    for (const [name, value] of Object.entries(open?.figures() ?? {})) found.push({ node, name, value });
    for (const input of open?.inputs ?? []) add(input);
  };
  add(root);
  return found;
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
    reason: 'unusable-weights',
    field: 'plan',
    expected: 'parameters and weights with which every value stays within f32',
    remedy: 'Choose smaller parameters or weights.',
  });
}
