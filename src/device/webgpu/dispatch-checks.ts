/** What WebGPU would refuse about a dispatch, found before it is recorded and reported in our own terms. */
import type { Tensor } from '../types.ts';
import type { CompiledKernel } from './pipelines.ts';
import { bufferTensor, byteLength } from './tensor.ts';

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

/** WebGPU refuses a buffer that one dispatch reads and writes, and overlapping ranges that it writes. */
export function checkAliasing(name: string, kernel: CompiledKernel, tensors: Readonly<Record<string, Tensor>>): void {
  const { bindings } = kernel;
  for (const [written, access] of bindings) {
    if (access === 'read') continue;
    const target = bufferTensor(tensors[written]!);
    for (const [other, otherAccess] of bindings) {
      const tensor = bufferTensor(tensors[other]!);
      if (other === written || tensor.buffer !== target.buffer) continue;
      const apart =
        tensor.offset + byteLength(tensor) <= target.offset || target.offset + byteLength(target) <= tensor.offset;
      if (otherAccess === 'write' && apart) continue;
      throw new Error(`kernel ${name} writes ${written} (${target.label}) to the buffer that it binds as ${other}`);
    }
  }
}
