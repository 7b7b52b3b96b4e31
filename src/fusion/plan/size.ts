/** What a fusion by a plan takes, before it runs. */
import type { ParameterShape } from '../../model/types.ts';
import type { PlanSize } from '../types.ts';
import type { PlanScope } from './scope.ts';

export function sizeOf(scope: PlanScope, parameters: readonly ParameterShape[]): PlanSize {
  const bytes = parameters.map(({ shape }) => Float32Array.BYTES_PER_ELEMENT * shape.reduce((size, n) => size * n, 1));
  const held = parameters.map(({ name }) => 1 + heldBy(scope, name));
  return {
    tensors: parameters.length,
    mergedTensors: held.filter((count) => count > 1).length,
    bytes: bytes.reduce((sum, each) => sum + each, 0),
    memoryBytes: Math.max(...bytes.map((each, i) => each * held[i]!)),
  };
}

/**
 * Tensors of one parameter that are held beside the base's while a node is merged: of its inputs, nodes one after the
 * other and then checkpoints together, and of its result. 0 where it takes no part.
 */
function heldBy({ inputs, groups }: PlanScope, name: string): number {
  const group = groups.find(({ parameters }) => parameters.some((parameter) => parameter.name === name));
  if (group === undefined) return 0;
  const merged = group.places.map((place) => inputs[place]!).filter((input) => typeof input !== 'number');
  return Math.max(group.places.length + 1, ...merged.map((node, before) => before + heldBy(node, name)));
}
