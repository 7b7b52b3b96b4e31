/** The ways to fuse checkpoints, one row each. The code behind a name is `methods/<name>.ts`. */
import type { CatalogEntry } from '../catalog.ts';

export interface FusionEntry extends CatalogEntry {
  /** How many checkpoints it takes; without `max`, any number from `min` on. */
  readonly checkpoints: { readonly min: number; readonly max?: number };
  /** Whether each checkpoint may have a weight; 1 where none is given. */
  readonly weighted: boolean;
  /** The sum of weights that it divides by, which must not be 0. */
  readonly dividesBy?: 'sum';
  /** What a fusion tells beside its weights. */
  readonly figures: readonly { readonly name: string; readonly description: string }[];
}

export const fusionGranularities = ['element', 'row', 'tensor', 'layer', 'model'] as const;
export type FusionGranularity = (typeof fusionGranularities)[number];

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
      { name: 'lambda', description: 'Scales the merged delta.', type: 'float', default: 1, min: -4, max: 4 },
    ],
  },
] as const satisfies readonly FusionEntry[];

export type FusionMethod = (typeof fusionCatalog)[number]['name'];
