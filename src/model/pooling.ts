/** Pooling modes of a model as a list. */
import type { Pooling, PoolingMode } from './types.ts';

/** The modes of a pooling, one or several. */
export const poolingList = (pooling: Pooling): readonly PoolingMode[] =>
  typeof pooling === 'string' ? [pooling] : pooling;
