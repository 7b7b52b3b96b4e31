/** Tile shapes of the attention kernels by head size and adapter class. Never by T: the order of summation hangs on them. */

import { largestHeadSize } from '../model/families/catalog.ts';

/** D, channels of one head. */
export const headSizes = [8, 16, 32, 64, largestHeadSize] as const;
export type HeadSize = (typeof headSizes)[number];

/**
 * `staged` copies tiles of keys and values into workgroup memory (GPUs). `direct` reads them where they are, four rows by
 * four keys a lane and no barrier (adapters that run on a CPU).
 */
export type AttentionVariant = 'staged' | 'direct';

export interface StagedTiles {
  /** Packed tokens of one workgroup. */
  readonly rows: number;
  /** Lanes that share a row. */
  readonly parts: number;
  /** Keys (queries in the key kernel) of one tile, a multiple of 4. */
  readonly forwardTile: number;
  readonly backwardTile: number;
}

/** Workgroup memory stays within WebGPU's guaranteed 16 KiB: tiles of 2 * tile * D, and parts of (1 or 2) * tile * lanes. */
export const stagedTiles: Readonly<Record<HeadSize, StagedTiles>> = {
  8: { rows: 64, parts: 1, forwardTile: 32, backwardTile: 16 },
  16: { rows: 64, parts: 1, forwardTile: 32, backwardTile: 16 },
  32: { rows: 32, parts: 2, forwardTile: 16, backwardTile: 16 },
  64: { rows: 32, parts: 4, forwardTile: 16, backwardTile: 8 },
  128: { rows: 32, parts: 4, forwardTile: 8, backwardTile: 4 },
};

/** Lanes of a workgroup of the direct kernels, each with four rows: one subgroup of SwiftShader, so no lane waits. */
export const directLanes = 4;
