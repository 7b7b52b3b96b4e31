/**
 * Matrix products on the CPU device: B is packed into panels of eight columns, then a tile of 6 x 8 results that fills
 * the sixteen vector registers runs over them. Packing costs as much as some rows of the product, so few rows do
 * without.
 */
import type { Gpu, KernelSpec, Tensor } from '../device/types.ts';
import { withLeases } from '../device/types.ts';

/** Columns of a panel; rows of the result that a workgroup makes. */
const panel = 8;
const rowsOfGroup = 24;
/** Rows of the result from which packing pays. Results have the same bits with it and without. */
export const leastPackedRows = 48;

type PackLayout = 'nt' | 'rows' | 'any';

const packSpec = (layout: PackLayout): KernelSpec<'b' | 'out', 'n' | 'k' | 'bColumn' | 'bK'> => ({
  name: `matmul-pack-${layout}`,
  form: 'row',
  include: ['common/grid.wgsl'],
  shader: `matmul/pack_${layout}.wgsl`,
  bindings: { b: 'read', out: 'write' },
  params: { n: 'u32', k: 'u32', bColumn: 'u32', bK: 'u32' },
});

const tileSpec = (store: 'aligned' | 'any') =>
  ({
    name: `matmul-packed-${store}`,
    form: 'row',
    header: `alias Element = ${store === 'any' ? 'f32' : 'vec4f'};`,
    include: ['matmul/interface_packed.wgsl', `matmul/store_${store}.wgsl`],
    shader: 'matmul/tile_packed.wgsl',
    bindings: { a: 'read', b: 'read', bias: 'read', out: 'write' },
    params: { m: 'u32', n: 'u32', k: 'u32', alpha: 'f32', hasBias: 'u32', accumulate: 'u32', aRow: 'u32', aK: 'u32' },
  }) as const satisfies KernelSpec;

const packKernels = { nt: packSpec('nt'), rows: packSpec('rows'), any: packSpec('any') };
const tileKernels = { aligned: tileSpec('aligned'), any: tileSpec('any') };

export const packedKernels: readonly KernelSpec[] = [...Object.values(packKernels), ...Object.values(tileKernels)];

export interface Product {
  readonly a: Tensor;
  readonly b: Tensor;
  readonly bias: Tensor | undefined;
  readonly out: Tensor;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly alpha: number;
  readonly accumulate: boolean;
  /** Elements from a row, a column or a step of k to the next. */
  readonly strides: { readonly aRow: number; readonly aK: number; readonly bColumn: number; readonly bK: number };
}

/** out [M, N] = alpha * A B (+ bias) (+ what out held). */
export function multiplyPacked(gpu: Gpu, product: Product): void {
  const { a, b, bias, out, m, n, k, alpha, accumulate } = product;
  const { aRow, aK, bColumn, bK } = product.strides;
  const panels = Math.ceil(n / panel);
  withLeases(gpu, (lease) => {
    const packed = lease('matmul.packed', [panels * k * panel]);
    const layout = packLayout(product);
    const steps = layout === 'nt' ? k / 4 : k;
    gpu.dispatch(packKernels[layout], {
      bindings: { b, out: packed },
      params: { n, k, bColumn, bK },
      grid: [Math.ceil((panels * steps) / 64)],
    });
    gpu.dispatch(tileKernels[n % 4 === 0 ? 'aligned' : 'any'], {
      // Every binding needs a buffer: without a bias, a stands in and is not read as one.
      bindings: { a, b: packed, bias: bias ?? a, out },
      params: { m, n, k, alpha, hasBias: bias === undefined ? 0 : 1, accumulate: accumulate ? 1 : 0, aRow, aK },
      grid: [panels, Math.ceil(m / rowsOfGroup)],
    });
  });
}

/** Which way of packing reads four elements at once. */
function packLayout({ n, k, strides: { bColumn, bK } }: Product): PackLayout {
  if (bK === 1 && bColumn === k && k % 4 === 0) return 'nt';
  return bColumn === 1 && bK === n && n % 4 === 0 ? 'rows' : 'any';
}
