/** The space of a search as requests give it: complete, checked against the run and its model. */
import { isDeepStrictEqual } from 'node:util';
import type { Task } from '../../data/types.ts';
import { badInput } from '../../errors.ts';
import type { Heads, PoolingMode } from '../../model/types.ts';
import type { LossName, LossTerm } from '../../nn/losses/catalog.ts';
import type { ArchitectureConfiguration, ArchitectureSpace } from '../../train/architecture-search/types.ts';
import { checkPooling, headsOf } from '../models/derive-model.ts';
import { checkLevels } from '../runs/matryoshka.ts';
import type { ReadyRun } from '../runs/run-request.ts';

/** Absent and null = the default values of that dimension; empty = it stays as the run has it. */
export type SpaceRequest = { readonly [Name in keyof ArchitectureSpace]?: ArchitectureSpace[Name] | null };

const tasks = ['ir', 'sts'] as const satisfies readonly Task[];

/** The space of a request. Throws a BAD_USER_INPUT whose field begins with `input.space`. */
export function spaceOf(request: SpaceRequest, ready: ReadyRun): ArchitectureSpace {
  const defaults = defaultSpace(ready);
  const space = {
    innerLayers: request.innerLayers ?? defaults.innerLayers,
    lossWeights: request.lossWeights ?? defaults.lossWeights,
    poolings: request.poolings ?? defaults.poolings,
    heads: request.heads ?? defaults.heads,
  };
  checkInnerLayers(space, ready);
  checkWeights(space, ready);
  checkVariants(space, ready);
  for (const name of ['innerLayers', 'poolings', 'heads'] as const) refuseTwins(space[name], `input.space.${name}`);
  return space;
}

/** What the run is without a search. `space`: which losses' weights count. */
export function defaultConfiguration(
  { settings, model }: ReadyRun,
  { lossWeights }: Pick<ArchitectureSpace, 'lossWeights'>,
): ArchitectureConfiguration {
  const inner = innerTerm(settings.losses.sts);
  const layer = Number(inner?.parameters['layer'] ?? 0);
  return {
    innerLayer: inner ? layer || middle(model.layers) : null,
    pooling: model.pooling,
    heads: headsOf(model),
    lossWeights: lossWeights.map(({ task, loss }) => ({ task, loss, weight: weightOf(settings.losses[task], loss) })),
  };
}

const middle = (layers: number): number => Math.floor((layers + 1) / 2);
const innerTerm = (terms: readonly LossTerm[]): LossTerm | undefined =>
  terms.find(({ loss }) => loss === 'inner-infonce');
const weightOf = (terms: readonly LossTerm[], loss: LossName): number =>
  terms.find((term) => term.loss === loss)?.weight ?? 0;
const trains = ({ datasets }: ReadyRun, task: Task): boolean => datasets.some(({ row }) => row.task === task);
const distinct = <T>(values: readonly T[]): T[] =>
  values.filter((value, i) => values.findIndex((other) => isDeepStrictEqual(other, value)) === i);

/**
 * Blocks at each quarter of the depth; half, once and twice the weight of every STS loss where there are several; the
 * model's pooling, the mean and one token; the heads of each task that is trained.
 */
function defaultSpace(ready: ReadyRun): ArchitectureSpace {
  const { settings, model } = ready;
  const { layers } = model;
  const sts = trains(ready, 'sts') ? settings.losses.sts : [];
  const quarters = [Math.ceil(layers / 4), middle(layers), Math.ceil((3 * layers) / 4), layers];
  const oneToken: PoolingMode = model.architecture['causal'] === true ? 'lasttoken' : 'cls';
  const single: readonly PoolingMode[][] = model.pooling.length === 1 ? [['mean'], [oneToken]] : [];
  return {
    innerLayers: innerTerm(sts) ? distinct(quarters) : [],
    lossWeights:
      sts.length > 1
        ? sts.map(({ loss, weight }) => ({ task: 'sts', loss, weights: [weight / 2, weight, 2 * weight] }))
        : [],
    poolings: distinct([model.pooling, ...single]),
    heads: defaultHeads(ready),
  };
}

function defaultHeads(ready: ReadyRun): readonly Heads[] {
  const kinds = (task: Task) => (trains(ready, task) ? (['none', 'dense'] as const) : (['none'] as const));
  const all = kinds('ir').flatMap((ir) => kinds('sts').map((sts): Heads => ({ ir, sts })));
  return distinct([headsOf(ready.model), ...all]);
}

function checkInnerLayers({ innerLayers }: ArchitectureSpace, ready: ReadyRun): void {
  const { layers, name } = ready.model;
  const field = 'input.space.innerLayers';
  if (innerLayers.length > 0 && !(trains(ready, 'sts') && innerTerm(ready.settings.losses.sts))) {
    throw badInput('No loss of the run reads an inner layer', {
      field,
      expected: 'INNER_INFONCE among the losses of STS, or no innerLayers',
      remedy: 'Leave innerLayers out.',
    });
  }
  const index = innerLayers.findIndex((layer) => !Number.isInteger(layer) || layer < 1 || layer > layers);
  if (index < 0) return;
  throw badInput(`The space names block ${innerLayers[index]}, the model "${name}" has ${layers}`, {
    field: `${field}.${index}`,
    expected: `a whole number from 1 to ${layers}`,
    remedy: 'Name blocks of the model.',
  });
}

function checkWeights({ lossWeights }: ArchitectureSpace, ready: ReadyRun): void {
  for (const [i, { task, loss, weights }] of lossWeights.entries()) {
    const field = `input.space.lossWeights.${i}`;
    const own = trains(ready, task) ? ready.settings.losses[task] : [];
    const twin = lossWeights.findIndex((other) => other.task === task && other.loss === loss);
    if (twin !== i || !own.some((term) => term.loss === loss)) {
      throw badInput(`The run has ${twin === i ? 'no' : 'only one'} loss ${loss} on ${task.toUpperCase()} batches`, {
        field: `${field}.loss`,
        expected: `each once of ${tasks.flatMap((one) => ready.settings.losses[one].map((term) => term.loss)).join(', ')}`,
        remedy: 'Name losses of the run, each once.',
      });
    }
    if (weights.length === 0 || !weights.every((weight) => Number.isFinite(weight) && weight > 0)) {
      throw badInput(`The weights of ${loss} are [${weights.join(', ')}]`, {
        field: `${field}.weights`,
        expected: 'at least one number, each above 0',
        remedy: 'Leave the loss out of lossWeights to keep its weight.',
      });
    }
    refuseTwins(weights, `${field}.weights`);
  }
}

/** Every pooling with every heads must make a model of the run's, whose vectors the run's losses can read. */
function checkVariants({ poolings, heads }: ArchitectureSpace, { model, settings }: ReadyRun): void {
  for (const [i, pooling] of poolings.entries()) {
    const field = `input.space.poolings.${i}`;
    for (const one of heads.length > 0 ? heads : [headsOf(model)]) checkPooling(model, pooling, one, field);
    if (settings.matryoshka === null) continue;
    const dimension = (model.dimension / model.pooling.length) * pooling.length;
    const terms = [...settings.losses.ir, ...settings.losses.sts];
    checkLevels(settings.matryoshka, { terms, dimension, field: 'input.settings.matryoshka' });
  }
}

function refuseTwins(values: readonly unknown[], field: string): void {
  if (distinct(values).length === values.length) return;
  throw badInput(`${field} names a value twice`, {
    field,
    expected: 'each value once',
    remedy: 'Name each value once.',
  });
}
