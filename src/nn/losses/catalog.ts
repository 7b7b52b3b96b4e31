/** The losses a run can be made of, one row each. The code behind a name is `<name>.ts` beside this file. */
import type { CatalogEntry } from '../../catalog.ts';
import type { Task } from '../../data/types.ts';

export interface LossEntry extends CatalogEntry {
  readonly task: Task;
  /** Weight in the default ("codiemb") loss set. */
  readonly defaultWeight: number;
  /** True = computed on the inner layer's representations. */
  readonly innerLayer: boolean;
}

const codiemb = 'CoDiEmb, arXiv 2508.11442';

const temperature = (value: number) =>
  ({
    name: 'temperature',
    description: 'Divides the cosine.',
    type: 'float',
    default: value,
    min: 1e-4,
    max: 100,
  }) as const;

export const lossCatalog = [
  {
    name: 'infonce',
    title: 'InfoNCE',
    description: 'Cross entropy of each positive among all in-batch positives of its slot and all hard negatives.',
    source: codiemb,
    task: 'ir',
    defaultWeight: 1,
    innerLayer: false,
    parameters: [
      temperature(0.02),
      {
        name: 'positives',
        description: 'all: mean over every positive slot; sample: one slot drawn per query.',
        type: 'choice',
        default: 'all',
        choices: ['all', 'sample'],
      },
      {
        name: 'margin',
        description: 'Drops a candidate whose cosine exceeds that of the positive by more than this; 2 drops none.',
        type: 'float',
        default: 2,
        min: 0,
        max: 2,
      },
    ],
  },
  {
    name: 'pearson',
    title: 'Pearson',
    description: '1 - correlation of cosines and grades.',
    source: codiemb,
    task: 'sts',
    defaultWeight: 2,
    innerLayer: false,
    parameters: [],
  },
  {
    name: 'pro',
    title: 'PRO',
    description: 'Preference ranking: every pair against all pairs of a lower grade, weighted by the gap of grades.',
    source: codiemb,
    task: 'sts',
    defaultWeight: 0.5,
    innerLayer: false,
    parameters: [temperature(0.05)],
  },
  {
    name: 'rank-kl',
    title: 'Rank KL',
    description: 'KL divergence of the softmax of cosines from the softmax of normalised ranks of the grades.',
    source: codiemb,
    task: 'sts',
    defaultWeight: 5,
    innerLayer: false,
    parameters: [temperature(0.05)],
  },
  {
    name: 'inner-infonce',
    title: 'Inner-layer InfoNCE',
    description: 'InfoNCE of query to partner on the middle block, over the rows whose grade reaches the threshold.',
    source: codiemb,
    task: 'sts',
    defaultWeight: 1,
    innerLayer: true,
    parameters: [
      temperature(0.02),
      {
        name: 'threshold',
        description: 'Smallest grade of a row that counts.',
        type: 'float',
        default: 1,
        min: 0,
        max: 1,
      },
    ],
  },
] as const satisfies readonly LossEntry[];

export type LossName = (typeof lossCatalog)[number]['name'];

/** One term of a run's loss: weight * loss(parameters). */
export interface LossTerm {
  readonly loss: LossName;
  readonly weight: number;
  readonly parameters: Readonly<Record<string, number | string>>;
}

/** The default terms of a task: every loss of the catalog with its default weight and parameters. */
export const defaultLossTerms = (task: Task): LossTerm[] =>
  lossCatalog
    .filter((entry) => entry.task === task)
    .map((entry) => ({
      loss: entry.name,
      weight: entry.defaultWeight,
      parameters: Object.fromEntries(entry.parameters.map((parameter) => [parameter.name, parameter.default])),
    }));
