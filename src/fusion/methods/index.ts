/** The code behind the names of the catalog. */
import type { FusionMethod } from '../catalog.ts';
import { deltaGuided } from './delta-guided.ts';
import { linear } from './linear.ts';
import type { Method } from './method.ts';
import { modelStock } from './model-stock.ts';
import { sce } from './sce.ts';
import { slerp } from './slerp.ts';
import { taskArithmetic } from './task-arithmetic.ts';
import { ties } from './ties.ts';
import { uniformSoup } from './uniform-soup.ts';

export const fusionMethods: { readonly [Name in FusionMethod]: Method<Name> } = {
  'uniform-soup': uniformSoup,
  linear,
  'delta-guided': deltaGuided,
  'task-arithmetic': taskArithmetic,
  ties,
  slerp,
  sce,
  'model-stock': modelStock,
};
