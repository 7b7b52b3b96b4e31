/** The ways to fuse checkpoints, one row each. The code behind a name is `methods/<name>.ts`. */
import type { CatalogEntry } from '../catalog.ts';

export interface FusionEntry extends CatalogEntry {
  /** How many checkpoints it takes; without `max`, any number from `min` on. */
  readonly checkpoints: { readonly min: number; readonly max?: number };
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
    parameters: [],
  },
  {
    name: 'delta-guided',
    title: 'Delta-guided',
    description: 'theta_0 plus the deltas, each weighted per parameter group by its norm to a power.',
    source: 'After CoDiEmb, arXiv 2508.11442 (abstract); formula in docs/method.md, section 5',
    checkpoints: { min: 2 },
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
