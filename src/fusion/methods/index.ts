/** The code behind the names of the catalog. */
import type { FusionMethod } from '../catalog.ts';
import { deltaGuided } from './delta-guided.ts';
import type { Method, MethodParameters } from './method.ts';
import { uniformSoup } from './uniform-soup.ts';

export const fusionMethods: { readonly [Name in FusionMethod]: Method<MethodParameters<Name>> } = {
  'uniform-soup': uniformSoup,
  'delta-guided': deltaGuided,
};
