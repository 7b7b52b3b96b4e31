/** Tile shapes of the attention kernels by head size and form. Never by T, because they set the order of summation. */

import { largestHeadSize } from '../model/families/catalog.ts';

/** D, channels of one head. */
export const headSizes = [8, 16, 32, 64, largestHeadSize] as const;
export type HeadSize = (typeof headSizes)[number];

/** The workgroup form copies tiles of keys and values into workgroup memory. */
export interface WorkgroupTiles {
  /** Packed tokens of one workgroup. */
  readonly rows: number;
  /** Lanes that share a row. */
  readonly parts: number;
  /** Keys (queries in the key kernel) of one tile, a multiple of 4. */
  readonly forwardTile: number;
  readonly backwardTile: number;
}

/**
 * Workgroup memory stays within WebGPU's guaranteed 16 KiB: tiles of 2 * tile * D, and parts of (1 or 2) * tile *
 * lanes.
 */
export const workgroupTiles: Readonly<Record<HeadSize, WorkgroupTiles>> = {
  8: { rows: 64, parts: 1, forwardTile: 32, backwardTile: 16 },
  16: { rows: 64, parts: 1, forwardTile: 32, backwardTile: 16 },
  32: { rows: 32, parts: 2, forwardTile: 16, backwardTile: 16 },
  64: { rows: 32, parts: 4, forwardTile: 16, backwardTile: 8 },
  128: { rows: 32, parts: 4, forwardTile: 8, backwardTile: 4 },
};

/**
 * The row form reads keys and values where they are, four rows by four keys a lane. So many lanes make a workgroup: one
 * subgroup of SwiftShader, so that no lane waits.
 */
export const rowLanes = 4;
