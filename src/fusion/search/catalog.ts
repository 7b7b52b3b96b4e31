/** What a search for the best fusion chooses from, as plain data: its strategies, and the values that it tries. */
import type { CatalogEntry } from '../../catalog.ts';

export const searchStrategyCatalog = [
  {
    name: 'coordinate',
    title: 'Coordinate search',
    description:
      'Every method with its defaults, then from the best three one change at a time: of a parameter, of a weight, or of the subset. A change that is better is kept. Once no change of any is better: random plans.',
    source: 'docs/method.md, section 5',
    parameters: [],
  },
  {
    name: 'random',
    title: 'Random search',
    description: 'Methods, subsets, parameters and weights are drawn at random.',
    source: 'Bergstra and Bengio 2012, "Random Search for Hyper-Parameter Optimization"',
    parameters: [],
  },
  {
    name: 'greedy-soup',
    title: 'Greedy soup',
    description:
      'From the best checkpoint, one pass over the others in descending order of their scores: each is added to the uniform soup if that is not worse for it.',
    source: 'Wortsman et al. 2022, arXiv 2203.05482',
    parameters: [],
  },
] as const satisfies readonly CatalogEntry[];

export type SearchStrategy = (typeof searchStrategyCatalog)[number]['name'];

/** Where candidates come from. */
export const candidateOrigins = ['single', 'default', 'coordinate', 'random', 'greedy-soup'] as const;
export type CandidateOrigin = (typeof candidateOrigins)[number];

/**
 * The values that are tried of the methods' numbers, ascending, by name; of a method those within its range. The
 * default of each method is among them.
 */
export const searchedValues = {
  power: [-2, -1, -0.5, 0, 0.5, 1, 2, 4],
  lambda: [0.25, 0.5, 0.75, 1, 1.25, 1.5, 2],
  density: [0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 1],
} as const satisfies Readonly<Record<string, readonly number[]>>;

/** The values that are tried of the weight of a checkpoint, ascending. */
export const searchedWeights: readonly number[] = [0.25, 0.5, 1, 2, 4];
