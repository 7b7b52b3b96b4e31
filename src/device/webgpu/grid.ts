/** What WebGPU would refuse about a grid, found before it is recorded and reported in our own terms. */

/** Workgroups per dimension that every adapter takes. */
const gridLimit = 65_535;

/** Folds a long first dimension into the second (shaders/common/grid.wgsl unfolds it). */
export function foldGrid(
  kernel: string,
  [x, y = 1, z = 1]: readonly [number, number?, number?],
): [number, number, number] {
  if (y > gridLimit || z > gridLimit || (x > gridLimit && y > 1)) {
    throw new Error(
      `grid [${x}, ${y}, ${z}] of kernel ${kernel} cannot be folded; only a grid [x] may exceed ${gridLimit}`,
    );
  }
  return x > gridLimit ? [gridLimit, Math.ceil(x / gridLimit), z] : [x, y, z];
}
