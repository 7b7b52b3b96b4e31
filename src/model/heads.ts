/**
 * Heads per task: the last dense layer of a task's own (docs/method.md section 2). It has the width of the vector and
 * no bias, and is the identity before any training, so that a model with new heads gives the vectors of one without.
 */
import type { Task } from '../data/types.ts';
import type { DenseLayer, Heads, ParameterShape } from './types.ts';

export const headTasks = ['ir', 'sts'] as const satisfies readonly Task[];

export const hasHeads = ({ ir, sts }: Heads): boolean => ir === 'dense' || sts === 'dense';

/** Names of a head's parameters, of which it has the weight alone. */
export const headName = (task: Task, part: 'weight' | 'bias' = 'weight'): string => `heads.${task}.linear.${part}`;

/** A head as a layer of vectors of `width` values. */
export const headLayer = (width: number): DenseLayer => ({
  ...{ inFeatures: width, outFeatures: width },
  ...{ bias: false, activation: 'identity' },
});

/** The parameters of heads over vectors of `width` values. */
export const headParameters = (heads: Heads, width: number): ParameterShape[] =>
  headTasks
    .filter((task) => heads[task] === 'dense')
    .map((task) => ({
      ...{ name: headName(task), shape: [width, width] },
      ...{ init: 'identity', group: `heads.${task}` },
    }));
