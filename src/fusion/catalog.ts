/** The ways to fuse checkpoints, one row each. The code behind a name is `methods/<name>.ts`. */
import type { CatalogEntry } from '../catalog.ts';

export interface FusionEntry extends CatalogEntry {
  /** How many checkpoints it takes; without `max`, any number from `min` on. */
  readonly checkpoints: { readonly min: number; readonly max?: number };
  /** Whether each checkpoint may have a weight; 1 where none is given. */
  readonly weighted: boolean;
  /** Which sums of weights it divides by, so that they must not be 0: of all, or of each branch (branches.ts). */
  readonly dividesBy?: 'sum' | 'branch sums';
  /** What a fusion tells beside its weights. Rows that name a figure alike mean the same. */
  readonly figures: readonly { readonly name: string; readonly description: string }[];
}

export const fusionGranularities = ['element', 'row', 'tensor', 'layer', 'model'] as const;
export type FusionGranularity = (typeof fusionGranularities)[number];

const lambda = {
  name: 'lambda',
  description: 'Scales the merged delta.',
  type: 'float',
  default: 1,
  min: -4,
  max: 4,
} as const;

const density = {
  name: 'density',
  description: 'The share of values that are kept.',
  type: 'float',
  min: 0,
  max: 1,
} as const;

export const fusionCatalog = [
  {
    name: 'uniform-soup',
    title: 'Uniform soup',
    description: 'The mean of the weights.',
    source: 'Wortsman et al. 2022, arXiv 2203.05482',
    checkpoints: { min: 2 },
    weighted: false,
    figures: [],
    parameters: [],
  },
  {
    name: 'linear',
    title: 'Linear',
    description: 'The mean of the weights, weighted per checkpoint; the weights are divided by their sum.',
    source: 'Wortsman et al. 2022, arXiv 2203.05482',
    checkpoints: { min: 1 },
    weighted: true,
    dividesBy: 'sum',
    figures: [],
    parameters: [],
  },
  {
    name: 'delta-guided',
    title: 'Delta-guided',
    description: 'theta_0 plus the deltas, each weighted per parameter group by its norm to a power.',
    source: 'After CoDiEmb, arXiv 2508.11442 (abstract); formula in docs/method.md, section 5',
    checkpoints: { min: 2 },
    weighted: false,
    figures: [],
    parameters: [
      {
        name: 'granularity',
        description: 'What a parameter group is.',
        type: 'choice',
        default: 'tensor',
        choices: fusionGranularities,
      },
      {
        name: 'power',
        description: 'p: 0 is the uniform soup, negative favours the smaller change.',
        type: 'float',
        default: 1,
        min: -8,
        max: 8,
      },
      lambda,
    ],
  },
  {
    name: 'task-arithmetic',
    title: 'Task arithmetic',
    description: 'theta_0 plus the sum of the deltas, each weighted per checkpoint.',
    source: 'Ilharco et al. 2023, arXiv 2212.04089',
    checkpoints: { min: 1 },
    weighted: true,
    figures: [],
    parameters: [lambda],
  },
  {
    name: 'ties',
    title: 'TIES',
    description: 'theta_0 plus the mean of the largest deltas of each checkpoint, where these agree in their sign.',
    source: 'Yadav et al. 2023, arXiv 2306.01708',
    checkpoints: { min: 1 },
    weighted: true,
    figures: [],
    parameters: [{ ...density, default: 0.2 }, lambda],
  },
  {
    name: 'slerp',
    title: 'Slerp',
    description: 'Spherical interpolation per tensor, of more than two checkpoints by a balanced tree in their order.',
    source: 'Shoemake 1985, doi 10.1145/325165.325242',
    checkpoints: { min: 2 },
    weighted: true,
    dividesBy: 'branch sums',
    figures: [
      { name: 'tensors', description: 'The number of tensors that were merged.' },
      {
        name: 'lerpTensors',
        description: 'Of these, the tensors for which lerp was taken: |cos| above 0.9995, or a norm of 0.',
      },
      { name: 'medianAngle', description: 'The median angle in radians, over the tensors and the pairs of the tree.' },
    ],
    parameters: [
      {
        name: 'of',
        description: 'What is interpolated.',
        type: 'choice',
        default: 'weights',
        choices: ['weights', 'deltas'],
      },
    ],
  },
  {
    name: 'sce',
    title: 'SCE',
    description:
      'theta_0 plus the deltas where the checkpoints vary most, weighted per tensor by their squared norms, where signs agree.',
    source: 'Wan et al. 2024, arXiv 2408.07990',
    checkpoints: { min: 2 },
    weighted: false,
    figures: [{ name: 'keptShare', description: 'The share of all values that were kept.' }],
    parameters: [{ ...density, default: 1 }],
  },
  {
    name: 'model-stock',
    title: 'Model Stock',
    description: 'Between theta_0 and the mean, per tensor as near to the mean as the deltas are to each other.',
    source: 'Jang et al. 2024, arXiv 2403.19522',
    checkpoints: { min: 2 },
    weighted: false,
    figures: [
      { name: 'meanRatio', description: 'The mean over tensors of t: 0 is theta_0, 1 the mean of the checkpoints.' },
    ],
    parameters: [],
  },
] as const satisfies readonly FusionEntry[];

export type FusionMethod = (typeof fusionCatalog)[number]['name'];
