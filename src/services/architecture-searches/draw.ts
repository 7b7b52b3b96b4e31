/** The configurations of a search: the default one, then others drawn from the space without repetition. */
import { isDeepStrictEqual } from 'node:util';
import { RandomStream } from '../../random/keyed.ts';
import type { ArchitectureConfiguration, ArchitectureSpace } from '../../train/architecture-search/types.ts';

/** Number of configurations; above 2^32 they cannot be drawn from. */
export function spaceSize(space: ArchitectureSpace, standard: ArchitectureConfiguration): number {
  return dimensionsOf(space, standard).reduce((size, values) => size * values.length, 1);
}

/** At most `count`, fewer where the space has no more. `standard` is the first, whether the space has it or not. */
export function drawConfigurations(
  space: ArchitectureSpace,
  standard: ArchitectureConfiguration,
  { count, seed }: { readonly count: number; readonly seed: number },
): readonly ArchitectureConfiguration[] {
  const dimensions = dimensionsOf(space, standard);
  // One more than are wanted, since the default may be among them.
  const drawn = new RandomStream(seed).sample(spaceSize(space, standard), count);
  const others = drawn
    .map((index) => configurationAt(dimensions, index, space))
    .filter((one) => !isDeepStrictEqual(one, standard));
  return [standard, ...others.slice(0, count - 1)];
}

/** The values of each dimension: inner layer, pooling, heads, then the weight of each loss. */
function dimensionsOf(
  { innerLayers, poolings, heads, lossWeights }: ArchitectureSpace,
  standard: ArchitectureConfiguration,
): readonly (readonly unknown[])[] {
  const valuesOr = (values: readonly unknown[], own: unknown) => (values.length > 0 ? values : [own]);
  return [
    valuesOr(innerLayers, standard.innerLayer),
    valuesOr(poolings, standard.pooling),
    valuesOr(heads, standard.heads),
    ...lossWeights.map(({ weights }) => weights),
  ];
}

/** Configurations are numbered with the last dimension the fastest. */
function configurationAt(
  dimensions: readonly (readonly unknown[])[],
  index: number,
  space: ArchitectureSpace,
): ArchitectureConfiguration {
  let rest = index;
  const values = dimensions.toReversed().map((choices) => {
    const value = choices[rest % choices.length];
    rest = Math.floor(rest / choices.length);
    return value;
  });
  const [innerLayer, pooling, heads, ...weights] = values.reverse();
  const lossWeights = space.lossWeights.map(({ task, loss }, i) => ({ task, loss, weight: weights[i] }));
  return { innerLayer, pooling, heads, lossWeights } as ArchitectureConfiguration;
}
