/**
 * Matrix products on the CPU device: A is packed into panels of twelve rows and B into panels of eight columns, both
 * along k, then a tile of 6 x 8 results that fills the sixteen vector registers runs over a panel of each. Packing
 * costs as much as some rows of the product, so few rows do without.
 */
import type { Gpu, KernelSpec, Tensor } from '../device/types.ts';
import { withLeases } from '../device/types.ts';

/** Vectors of four in a step of k of a panel: eight columns of B, twelve rows of A. */
const quadsOf = { columns: 2, rows: 3 } as const;
type Side = keyof typeof quadsOf;
/** Rows of the result that a workgroup makes. */
const rowsOfGroup = 24;
/** Rows of the result from which packing pays. Results have the same bits with it and without. */
export const leastPackedRows = 48;

/** How a matrix stands in memory: along k, across k, or otherwise. The first two read four elements at once. */
type PackLayout = 'along' | 'across' | 'any';
const packLayouts: readonly PackLayout[] = ['along', 'across', 'any'];

const packSpec = (layout: PackLayout, side: Side): KernelSpec<'x' | 'out', 'n' | 'k' | 'line' | 'step'> => ({
  name: `matmul-pack-${layout}-${side}`,
  form: 'row',
  header: `const QUADS = ${quadsOf[side]}u;`,
  include: ['common/grid.wgsl'],
  shader: `matmul/pack_${layout}.wgsl`,
  bindings: { x: 'read', out: 'write' },
  params: { n: 'u32', k: 'u32', line: 'u32', step: 'u32' },
});

const tileSpec = (store: 'aligned' | 'any') =>
  ({
    name: `matmul-packed-${store}`,
    form: 'row',
    header: `alias Element = ${store === 'any' ? 'f32' : 'vec4f'};`,
    include: ['matmul/interface_packed.wgsl', `matmul/store_${store}.wgsl`],
    shader: 'matmul/tile_packed.wgsl',
    bindings: { a: 'read', b: 'read', bias: 'read', out: 'write' },
    params: { m: 'u32', n: 'u32', k: 'u32', alpha: 'f32', hasBias: 'u32', accumulate: 'u32' },
  }) as const satisfies KernelSpec;

const packsOf = (side: Side) => ({
  along: packSpec('along', side),
  across: packSpec('across', side),
  any: packSpec('any', side),
});
const packKernels = { rows: packsOf('rows'), columns: packsOf('columns') };
const tileKernels = { aligned: tileSpec('aligned'), any: tileSpec('any') };

export const packedKernels: readonly KernelSpec[] = [
  ...packLayouts.flatMap((layout) => [packKernels.rows[layout], packKernels.columns[layout]]),
  ...Object.values(tileKernels),
];

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
  withLeases(gpu, (lease) => {
    const pack = (side: Side, x: Tensor, lines: number, line: number, step: number): Tensor => {
      const packed = lease('matmul.packed', [panelsOf(side, lines) * k * quadsOf[side] * 4]);
      packInto(gpu, { side, x, packed, n: lines, k, line, step });
      return packed;
    };
    gpu.dispatch(tileKernels[n % 4 === 0 ? 'aligned' : 'any'], {
      bindings: {
        a: pack('rows', a, m, aRow, aK),
        b: pack('columns', b, n, bColumn, bK),
        // Every binding needs a buffer: without a bias, a stands in and is not read as one.
        bias: bias ?? a,
        out,
      },
      params: { m, n, k, alpha, hasBias: bias === undefined ? 0 : 1, accumulate: accumulate ? 1 : 0 },
      grid: [panelsOf('columns', n), Math.ceil(m / rowsOfGroup)],
    });
  });
}

const panelsOf = (side: Side, lines: number): number => Math.ceil(lines / (quadsOf[side] * 4));

interface Packing {
  readonly side: Side;
  readonly x: Tensor;
  readonly packed: Tensor;
  /** Rows or columns of the product. */
  readonly n: number;
  readonly k: number;
  /** Elements from one of them, and from a step of k, to the next. */
  readonly line: number;
  readonly step: number;
}

function packInto(gpu: Gpu, { side, x, packed, n, k, line, step }: Packing): void {
  const layout = packLayout(n, k, line, step);
  gpu.dispatch(packKernels[side][layout], {
    bindings: { x, out: packed },
    params: { n, k, line, step },
    grid: [packGroups(layout, panelsOf(side, n), k)],
  });
}

/** Workgroups that pack `panels` panels. */
function packGroups(layout: PackLayout, panels: number, k: number): number {
  if (layout === 'across') return Math.ceil(panels / 4) * Math.ceil(k / 16);
  return Math.ceil((panels * (layout === 'along' ? k / 4 : k)) / 64);
}

function packLayout(n: number, k: number, line: number, step: number): PackLayout {
  if (step === 1 && line === k && k % 4 === 0) return 'along';
  return line === 1 && step === n && n % 4 === 0 ? 'across' : 'any';
}
