/** The first columns of a matrix, taken out of it and added back. */
import type { Gpu, Tensor } from '../device/types.ts';
import { type Widths, widths } from './elementwise.ts';

type Params = 'count' | 'width' | 'stride';

const takeColumnsKernels = widths<'x' | 'out', Params>({
  name: 'take-columns',
  include: ['common/grid.wgsl'],
  shader: 'elementwise/take_columns.wgsl',
  bindings: { x: 'read', out: 'write' },
  params: { count: 'u32', width: 'u32', stride: 'u32' },
});

const addColumnsKernels = widths<'part' | 'whole', Params>({
  name: 'add-columns',
  include: ['common/grid.wgsl'],
  shader: 'elementwise/add_columns.wgsl',
  bindings: { part: 'read', whole: 'write' },
  params: { count: 'u32', width: 'u32', stride: 'u32' },
});

/** out = the first columns of x. x [R, C]; out [R, m], m at most C. */
export function takeColumns(gpu: Gpu, { x, out }: { x: Tensor; out: Tensor }): void {
  dispatchColumns(gpu, takeColumnsKernels, { x, out }, { part: out, whole: x });
}

/** The first columns of whole += part. part [R, m]; whole [R, C], m at most C. */
export function addColumns(gpu: Gpu, { part, whole }: { part: Tensor; whole: Tensor }): void {
  dispatchColumns(gpu, addColumnsKernels, { part, whole }, { part, whole });
}

/** One lane for each element of the part, or for four neighbours where both matrices have a multiple of 4 columns. */
function dispatchColumns<B extends string>(
  gpu: Gpu,
  { wide, single }: Widths<B, Params>,
  bindings: Readonly<Record<B, Tensor>>,
  { part, whole }: { part: Tensor; whole: Tensor },
): void {
  const [rows, columns] = part.shape as [number, number];
  const [, stride] = whole.shape as [number, number];
  const isWide = columns % 4 === 0 && stride % 4 === 0;
  const per = isWide ? 4 : 1;
  const width = columns / per;
  const count = rows * width;
  const params = { count, width, stride: stride / per };
  gpu.dispatch(isWide ? wide : single, { bindings, params, grid: [Math.ceil(count / 256)] });
}

export const columnKernels = [takeColumnsKernels, addColumnsKernels].flatMap(({ wide, single }) => [wide, single]);
