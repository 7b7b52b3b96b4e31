/** Sizes that follow from an architecture. */
import type { Architecture } from './types.ts';

/** D, channels of one head. */
export const headSizeOf = ({ headSize, width, heads }: Architecture): number => headSize ?? width / heads;

/** G, heads of keys and values. */
export const keyValueHeadsOf = ({ keyValueHeads, heads }: Architecture): number => keyValueHeads ?? heads;

/** Length in tokens of the longest text that an encoder accepts. */
export const longestTextOf = ({ maxPositions, positionOffset = 0 }: Architecture): number =>
  maxPositions - positionOffset;
