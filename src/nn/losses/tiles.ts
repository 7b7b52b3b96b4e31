/** Score matrices of a batch are made in tiles of rows, so that no buffer outgrows the device. */
import type { Gpu, Tensor } from '../../device/types.ts';
import { limitExceeded } from '../../errors.ts';

/** Scores of a tile of rows, at most. */
const TILE_BYTES = 64 * 2 ** 20;

/** Rows of a tile: a multiple of 64, so that every tile begins at an aligned offset. */
export function tileHeight(gpu: Gpu, columns: number, tileRows = Number.POSITIVE_INFINITY): number {
  const limit = Math.min(TILE_BYTES, gpu.largestBinding);
  return Math.max(64, Math.floor(Math.min(limit / (4 * columns), tileRows) / 64) * 64);
}

/** Throws LIMIT_EXCEEDED where vectors exceed one binding. */
export function checkSize(gpu: Gpu, { label, shape }: Tensor): void {
  const [rows, width] = shape;
  const limit = gpu.largestBinding;
  if (rows * width * 4 <= limit) return;
  throw limitExceeded(`${rows} vectors of ${width} numbers are ${rows * width * 4} bytes, this device binds ${limit}`, {
    field: label,
    expected: `at most ${Math.floor(limit / (4 * width))} texts of one role in a batch`,
    remedy: 'Use a smaller global batch, or fewer positives or negatives per query.',
  });
}
