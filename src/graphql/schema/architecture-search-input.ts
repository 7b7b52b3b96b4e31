/** The input of startArchitectureSearch. */
import { z } from 'zod';
import type { SearchRequest } from '../../services/architecture-searches/start.ts';
import type { Tandem } from '../../services/tandem.ts';
import { defaultArchitectureSearch } from '../../train/architecture-search/catalog.ts';
import { builder } from '../builder.ts';
import { Loss, namedEnum, Pooling, Task } from '../enums.ts';
import { keyOf } from '../ids.ts';
import { idempotencyKey } from './common.ts';
import { HeadsInput } from './heads.ts';
import { contentFields, rowsOf } from './run-input.ts';

export const SearchKeep = namedEnum(
  'SearchKeep',
  'Whose checkpoints a search keeps; figures and runs stay in any case.',
  {
    winner: 'Those of the last rung: of the winner and of the default configuration.',
    all: 'Those of all runs.',
  },
);

const LossWeightsInput = builder.inputType('LossWeightsInput', {
  description: 'The weights that a loss of the run may have.',
  fields: (t) => ({
    task: t.field({ type: Task, required: true, description: 'The task on whose batches the loss is computed.' }),
    loss: t.field({ type: Loss, required: true, description: 'A loss of the run on batches of that task.' }),
    weights: t.floatList({ required: true, description: 'The weights, each above 0.' }),
  }),
});

const ArchitectureSpaceInput = builder.inputType('ArchitectureSpaceInput', {
  description:
    'What a search over architectures varies, a list of values for each dimension. An empty list leaves the dimension as the run has it.',
  fields: (t) => ({
    innerLayers: t.intList({
      description:
        'The blocks that the inner-layer loss may read, from 1. Absent or null means those at each quarter of the depth.',
    }),
    lossWeights: t.field({
      type: [LossWeightsInput],
      description:
        'The weights of losses. Absent or null means half, once and twice the weight of every STS loss where there are several.',
    }),
    poolings: t.field({
      type: t.listRef(t.listRef(Pooling)),
      description:
        "How token states become a text's vector: one mode, or several whose vectors are joined. Absent or null means as the model, the mean, and the first token, or the last one of a causal model.",
    }),
    heads: t.field({
      type: [HeadsInput],
      description:
        'The layers of one task each. Absent or null means as the model, and each task with and without one.',
    }),
  }),
});

const whole = (low: number, high: number) => z.number().int().min(low).max(high);
const { configurations, eta, seed, keep } = defaultArchitectureSearch;

export const StartArchitectureSearchInput = builder.inputType('StartArchitectureSearchInput', {
  description:
    'A run, and what to vary of it. Its settings, data sets and dev sets are those of the default configuration; the best joint score on the dev sets decides.',
  fields: (t) => ({
    ...contentFields(t),
    model: t.id({ required: true, description: 'Id of the model to train, as it was made.' }),
    space: t.field({
      type: ArchitectureSpaceInput,
      required: true,
      defaultValue: {},
      description: 'The values of each dimension.',
    }),
    configurations: t.int({
      required: true,
      defaultValue: configurations,
      description:
        'The number of configurations of the first rung, the default one among them; fewer where the space has no more.',
      validate: whole(1, 256),
    }),
    eta: t.int({
      required: true,
      defaultValue: eta,
      description: 'Of n configurations of a rung n / eta, rounded up, are trained anew for eta times as many updates.',
      validate: whole(2, 16),
    }),
    seed: t.int({
      required: true,
      defaultValue: seed,
      description: 'The seed of the draw of configurations; that of the runs is in the settings.',
      validate: z.number().int().min(0),
    }),
    keep: t.field({
      type: SearchKeep,
      required: true,
      defaultValue: keep,
      description: 'Whose checkpoints are kept.',
    }),
    idempotencyKey: idempotencyKey(t),
  }),
});

/** The input with keys instead of global ids. */
export async function searchRequest(
  tandem: Tandem,
  input: typeof StartArchitectureSearchInput.$inferInput,
): Promise<SearchRequest> {
  const { model, teacher: _, ...rest } = input;
  return { ...rest, modelId: keyOf(model, 'Model', 'input.model').key, ...(await rowsOf(tandem, input, 'input')) };
}
