/**
 * Matrix products in the three layouts that a linear layer needs, f32, and sums of columns.
 * Every kernel sums over k in order, so a row of the result has the same bits however many rows there are.
 */

import type { Gpu, KernelForm, KernelSpec, Tensor } from '../device/types.ts';
import { withLeases } from '../device/types.ts';
import { add, geluForward } from './elementwise.ts';
import { type Finish, multiplyPacked, type Product, packedKernels, packs } from './matmul-packed.ts';

type MatmulBinding = 'a' | 'b' | 'bias' | 'out';
/**
 * Rows and columns of the result, the length of the reduction; aRow and what follows: elements from one index to the
 * next, for the strided layout.
 */
type MatmulParam = 'm' | 'n' | 'k' | 'alpha' | 'hasBias' | 'accumulate' | 'aRow' | 'aK' | 'bColumn' | 'bK';
type MatmulKernel = KernelSpec<MatmulBinding, MatmulParam>;

/** `strided` takes any layout and any size; the others read four elements at once and want multiples of 4. */
type Layout = 'nt' | 'nn' | 'tn' | 'strided';

/** A tile's shader and the rows and columns of the result that one workgroup makes. */
interface Tile {
  readonly shader: string;
  readonly rows: number;
  readonly columns: number;
}

const tiles: Readonly<Record<KernelForm, Tile>> = {
  row: { shader: 'matmul/tile_row.wgsl', rows: 16, columns: 64 },
  workgroup: { shader: 'matmul/tile_workgroup.wgsl', rows: 32, columns: 32 },
};

/** Columns that the narrower tile covers with the workgroups that every device takes in one dimension. */
export const matmulColumnLimit = 65_535 * Math.min(...Object.values(tiles).map(({ columns }) => columns));

const layouts: readonly Layout[] = ['nt', 'nn', 'tn', 'strided'];

const specOf = (layout: Layout, form: KernelForm): MatmulKernel => ({
  name: `matmul-${layout}-${form}`,
  form,
  header: `alias Element = ${layout === 'strided' ? 'f32' : 'vec4f'};`,
  include: [
    'matmul/interface.wgsl',
    ...(layout === 'strided' ? ['matmul/store_any.wgsl'] : ['matmul/put_plain.wgsl', 'matmul/store_aligned.wgsl']),
    `matmul/layout_${layout}.wgsl`,
  ],
  shader: tiles[form].shader,
  bindings: { a: 'read', b: 'read', bias: 'read', out: 'write' },
  params: {
    m: 'u32',
    n: 'u32',
    k: 'u32',
    alpha: 'f32',
    hasBias: 'u32',
    accumulate: 'u32',
    aRow: 'u32',
    aK: 'u32',
    bColumn: 'u32',
    bK: 'u32',
  },
});

const kernelTable = Object.fromEntries(
  layouts.map((layout) => [layout, { row: specOf(layout, 'row'), workgroup: specOf(layout, 'workgroup') }]),
) as Readonly<Record<Layout, Readonly<Record<KernelForm, MatmulKernel>>>>;

/** For products of few rows, on devices whose tiles all add up in the same order. */
const fewRowsKernel: MatmulKernel = { ...specOf('nt', 'row'), name: 'matmul-nt-few', shader: 'matmul/tile_few.wgsl' };
/** Rows of a product up to which reading its second operand takes longer than computing with it. */
const fewRows = 7;

const columnSumSpec = (
  name: string,
  element: string,
): KernelSpec<'x' | 'out', 'rows' | 'columns' | 'chunk' | 'accumulate'> => ({
  name: `column-sum-${name}`,
  header: `alias Element = ${element};`,
  include: ['common/grid.wgsl'],
  shader: 'matmul/column_sum.wgsl',
  bindings: { x: 'read', out: 'write' },
  params: { rows: 'u32', columns: 'u32', chunk: 'u32', accumulate: 'u32' },
});

const columnSumWide = columnSumSpec('4', 'vec4f');
const columnSumSingle = columnSumSpec('1', 'f32');
/** Rows that one invocation adds. */
const columnSumChunk = 32;

/** Every kernel of this file. */
export const matmulKernels: readonly KernelSpec[] = [
  ...layouts.flatMap((layout) => Object.values(kernelTable[layout])),
  fewRowsKernel,
  ...packedKernels,
  columnSumWide,
  columnSumSingle,
];

export interface ProductNT {
  /** [M, K] */
  readonly a: Tensor;
  /** [N, K] */
  readonly b: Tensor;
  /** [N] */
  readonly bias?: Tensor | undefined;
  /** [M, N], written */
  readonly out: Tensor;
  readonly alpha?: number;
  readonly form?: KernelForm;
  /** Gives `b` as `packColumns` packs it, on a device that packs, or undefined where there is no room to keep it. */
  readonly packed?: (() => Tensor | undefined) | undefined;
}

/** out = alpha * a b^T + bias: a linear layer's forward, or all dot products of two sets of rows. */
export const matmulNT = (gpu: Gpu, product: ProductNT): void => productNT(gpu, product, undefined);

/** out = alpha * a b^T + bias + addend, which has the shape of `out`. */
export function matmulPlus(gpu: Gpu, product: ProductNT & { readonly addend: Tensor }): void {
  const { addend, out } = product;
  expectShape(addend, out.shape, addend.shape.join() === out.shape.join());
  if (finishesInTile(gpu, product)) {
    productNT(gpu, product, { kind: 'sum', other: addend });
    return;
  }
  withLeases(gpu, (lease) => {
    const change = lease('matmul.change', out.shape);
    matmulNT(gpu, { ...product, out: change });
    add(gpu, { a: change, b: addend, out });
  });
}

/** activated = GELU(a b^T + bias); `out` gets what GELU was applied to, unless it is undefined. */
export function matmulGelu(
  gpu: Gpu,
  {
    activated,
    out,
    ...product
  }: Omit<ProductNT, 'out'> & { readonly out: Tensor | undefined; readonly activated: Tensor },
): void {
  if (finishesInTile(gpu, { ...product, out: activated })) {
    if (out) productNT(gpu, { ...product, out }, { kind: 'both', other: activated });
    else productNT(gpu, { ...product, out: activated }, { kind: 'gelu' });
    return;
  }
  withLeases(gpu, (lease) => {
    const before = out ?? lease('matmul.before', activated.shape);
    matmulNT(gpu, { ...product, out: before });
    geluForward(gpu, { x: before, out: activated });
  });
}

/** Whether the tile that makes a product can do more with its results than write them. */
function finishesInTile(gpu: Gpu, product: ProductNT): boolean {
  const [m, n] = matrix(product.out);
  const { form = gpu.traits.form } = product;
  return form === 'row' && n % 4 === 0 && packs(gpu, m, keptPacked(gpu, product) !== undefined);
}

/** The packed `b` of a product that has rows enough to read it. */
const keptPacked = (gpu: Gpu, { out, form = gpu.traits.form, packed }: ProductNT): Tensor | undefined =>
  form === 'row' && packs(gpu, matrix(out)[0], true) ? packed?.() : undefined;

function productNT(gpu: Gpu, product: ProductNT, finish: Finish | undefined): void {
  const { a, b, bias, out, alpha = 1, form } = product;
  const packed = keptPacked(gpu, product);
  const [[m, k], [n, kOfB]] = [matrix(a), matrix(b)];
  expectShape(b, [n, k], kOfB === k);
  if (bias !== undefined) expectShape(bias, [n], bias.shape.length === 1 && bias.shape[0] === n);
  const strides = { aRow: k, aK: 1, bColumn: k, bK: 1 };
  const layout = k % 4 === 0 && n % 4 === 0 ? 'nt' : 'strided';
  multiply(gpu, layout, form, { a, b, bias, out, m, n, k, alpha, accumulate: false, strides, packed, finish });
}

/** out[M,K] = a[M,N] b[N,K]: a linear layer's gradient with respect to its input, dX = dY W. */
export function matmulNN(
  gpu: Gpu,
  options: { a: Tensor; b: Tensor; out: Tensor; alpha?: number; accumulate?: boolean; form?: KernelForm },
): void {
  const { a, b, out, alpha = 1, accumulate = false } = options;
  const [[m, inner], [innerOfB, n]] = [matrix(a), matrix(b)];
  expectShape(b, [inner, n], innerOfB === inner);
  const strides = { aRow: inner, aK: 1, bColumn: 1, bK: n };
  const layout = inner % 4 === 0 && n % 4 === 0 ? 'nn' : 'strided';
  multiply(gpu, layout, options.form, { a, b, bias: undefined, out, m, n, k: inner, alpha, accumulate, strides });
}

/** out[N,K] = a[T,N]^T b[T,K], added to what `out` holds if `accumulate`: a weight's gradient, dW = dY^T X. */
export function matmulTN(
  gpu: Gpu,
  options: { a: Tensor; b: Tensor; out: Tensor; alpha?: number; accumulate?: boolean; form?: KernelForm },
): void {
  const { a, b, out, alpha = 1, accumulate = false } = options;
  const [[t, m], [tOfB, n]] = [matrix(a), matrix(b)];
  expectShape(b, [t, n], tOfB === t);
  const strides = { aRow: 1, aK: m, bColumn: 1, bK: n };
  const layout = m % 4 === 0 && n % 4 === 0 ? 'tn' : 'strided';
  multiply(gpu, layout, options.form, { a, b, bias: undefined, out, m, n, k: t, alpha, accumulate, strides });
}

/** out[N] = sum over T of x[T,N], added to what `out` holds if `accumulate`: a bias's gradient. */
export function columnSum(
  gpu: Gpu,
  { x, out, accumulate = false }: { x: Tensor; out: Tensor; accumulate?: boolean },
): void {
  const [rows, columns] = matrix(x);
  expectShape(out, [columns], out.shape.length === 1 && out.shape[0] === columns);
  if (rows <= columnSumChunk * 2) {
    sumChunks(gpu, { x, out, rows, columns, chunk: rows, accumulate });
    return;
  }
  const chunks = Math.ceil(rows / columnSumChunk);
  withLeases(gpu, (lease) => {
    const partial = lease('column-sum.partial', [chunks, columns]);
    sumChunks(gpu, { x, out: partial, rows, columns, chunk: columnSumChunk, accumulate: false });
    sumChunks(gpu, { x: partial, out, rows: chunks, columns, chunk: chunks, accumulate });
  });
}

interface Chunks {
  readonly x: Tensor;
  readonly out: Tensor;
  readonly rows: number;
  readonly columns: number;
  readonly chunk: number;
  readonly accumulate: boolean;
}

function sumChunks(gpu: Gpu, { x, out, rows, columns: all, chunk, accumulate }: Chunks): void {
  const isWide = all % 4 === 0;
  const columns = isWide ? all / 4 : all;
  gpu.dispatch(isWide ? columnSumWide : columnSumSingle, {
    bindings: { x, out },
    params: { rows, columns, chunk: Math.max(1, chunk), accumulate: accumulate ? 1 : 0 },
    grid: [Math.ceil((Math.max(1, Math.ceil(rows / Math.max(1, chunk))) * columns) / 16)],
  });
}

function multiply(gpu: Gpu, layout: Layout, form: KernelForm = gpu.traits.form, product: Product): void {
  const { a, b, bias, out, m, n, k, alpha, accumulate, strides } = product;
  expectShape(out, [m, n], out.shape.length === 2 && out.shape[0] === m && out.shape[1] === n);
  if (form === 'row' && packs(gpu, m, product.packed !== undefined)) {
    multiplyPacked(gpu, product);
    return;
  }
  const tile = tiles[form];
  const isFew = form === 'row' && gpu.traits.packs && layout === 'nt' && m <= fewRows;
  gpu.dispatch(isFew ? fewRowsKernel : kernelTable[layout][form], {
    // Every binding needs a buffer: without a bias, b stands in and is not read as one.
    bindings: { a, b, bias: bias ?? b, out },
    params: { m, n, k, alpha, hasBias: bias === undefined ? 0 : 1, accumulate: accumulate ? 1 : 0, ...strides },
    grid: [Math.ceil(n / tile.columns), Math.ceil(m / tile.rows)],
  });
}

function matrix({ label, shape }: Tensor): readonly [rows: number, columns: number] {
  if (shape.length !== 2) throw new Error(`tensor ${label} has shape [${shape}], expected a matrix`);
  return [shape[0]!, shape[1]!];
}

function expectShape(tensor: Tensor, expected: readonly number[], holds: boolean): void {
  if (!holds) throw new Error(`tensor ${tensor.label} has shape [${tensor.shape}], expected [${expected}]`);
}
