/** A dispatch as it stands in memory (command-layout.ts), and the grids that there are. */
import { writeParam } from '../params.ts';
import { type BufferTensor, byteLength } from '../tensor.ts';
import type { Span } from './hazards.ts';
import type { CompiledKernel } from './kernels.ts';
import type { Range } from './ranges.ts';

const word = new DataView(new ArrayBuffer(4));

/** The params as words, in the kernel's order. */
export const paramWords = (
  name: string,
  { params }: CompiledKernel,
  values: Readonly<Record<string, number>>,
): number[] =>
  params.map(([param, type]) => {
    writeParam(word, 0, type, values[param], `param ${param} of kernel ${name}`);
    return word.getUint32(0, true);
  });

/** Workgroups in two dimensions. */
export function gridOf(name: string, [x, y = 1, z = 1]: readonly [number, number?, number?]): [number, number] {
  const isWhole = [x, y].every((size) => Number.isInteger(size) && size >= 0);
  if (z === 1 && isWhole && x * y < 2 ** 31) return [x, y];
  throw new Error(`grid [${x}, ${y}, ${z}] of kernel ${name}: expected two dimensions, less than 2^31 workgroups`);
}

/** Where a tensor begins in the device's memory, and which bytes are its own. */
export const addressOf = ({ buffer, offset }: BufferTensor<Range>): number => buffer.address + offset;
export const spanOf = (tensor: BufferTensor<Range>): Span => ({
  from: addressOf(tensor),
  to: addressOf(tensor) + byteLength(tensor),
});
