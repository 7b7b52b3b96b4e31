/** The code behind the catalog's strategies. */
import type { SearchStrategy } from '../catalog.ts';
import type { Proposals, Trials } from '../trials.ts';
import type { SearchSpace } from '../types.ts';
import { coordinateSearch } from './coordinate.ts';
import { greedySoup } from './greedy-soup.ts';
import { randomSearch } from './random.ts';

export const searchStrategies: Readonly<Record<SearchStrategy, (space: SearchSpace, trials: Trials) => Proposals>> = {
  coordinate: coordinateSearch,
  random: randomSearch,
  'greedy-soup': greedySoup,
};
