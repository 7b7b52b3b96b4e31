/** Uniform soup: the mean of the weights. Source: Wortsman et al. 2022, arXiv 2203.05482. */
import { weightedMean } from './linear.ts';
import type { Method } from './method.ts';

export const uniformSoup: Method<'uniform-soup'> = (_parameters, _models, pause) => ({
  merge: (_, tensor) => weightedMean(tensor, pause),
});
