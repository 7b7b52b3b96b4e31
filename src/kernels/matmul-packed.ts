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
/**
 * Rows of the result from which packing pays: both operands, or one where the other is kept packed. Results have the
 * same bits with it and without.
 */
const leastRows = { both: 48, one: 24 };

/** Whether a product of `m` rows goes by packed panels on the device. */
export const packs = (gpu: Gpu, m: number, isKept: boolean): boolean =>
  gpu.traits.packs && m >= (isKept ? leastRows.one : leastRows.both);

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

/**
 * What a tile does with its results: writes them, adds them to another matrix, writes their GELU, or both them and
 * their GELU.
 */
type Put = 'plain' | 'sum' | 'gelu' | 'both';
const puts: readonly Put[] = ['plain', 'sum', 'gelu', 'both'];

const tileSpec = (store: 'aligned' | 'any', put: Put): KernelSpec => ({
  name: `matmul-packed-${store}${put === 'plain' ? '' : `-${put}`}`,
  form: 'row',
  header: `alias Element = ${store === 'any' ? 'f32' : 'vec4f'};`,
  include: [
    'matmul/interface_packed.wgsl',
    ...(put === 'gelu' || put === 'both' ? ['elementwise/normal_cdf.wgsl'] : []),
    ...(store === 'any' ? [] : [`matmul/put_${put}.wgsl`]),
    `matmul/store_${store}.wgsl`,
  ],
  shader: 'matmul/tile_packed.wgsl',
  bindings: {
    ...{ a: 'read', b: 'read', bias: 'read', out: 'write' },
    ...(put === 'sum' && { addend: 'read' }),
    ...(put === 'both' && { activated: 'write' }),
  },
  params: { m: 'u32', n: 'u32', k: 'u32', alpha: 'f32', hasBias: 'u32', accumulate: 'u32' },
});

const packsOf = (side: Side) => ({
  along: packSpec('along', side),
  across: packSpec('across', side),
  any: packSpec('any', side),
});
const packKernels = { rows: packsOf('rows'), columns: packsOf('columns') };
const anyTile = tileSpec('any', 'plain');
const alignedTiles = Object.fromEntries(puts.map((put) => [put, tileSpec('aligned', put)])) as Readonly<
  Record<Put, KernelSpec>
>;

export const packedKernels: readonly KernelSpec[] = [
  ...packLayouts.flatMap((layout) => [packKernels.rows[layout], packKernels.columns[layout]]),
  anyTile,
  ...Object.values(alignedTiles),
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
  /** B as `packColumns` leaves it. */
  readonly packed?: Tensor | undefined;
  /** Of packed products whose N is a multiple of 4. */
  readonly finish?: Finish | undefined;
}

/** What is done with the results besides writing them, and the other matrix of their shape. */
export type Finish =
  | { readonly kind: 'sum'; readonly other: Tensor }
  | { readonly kind: 'gelu' }
  | { readonly kind: 'both'; readonly other: Tensor };

/** Elements that `packColumns` writes for b [N, K]. */
export const packedSize = (n: number, k: number): number => panelsOf('columns', n) * k * quadsOf.columns * 4;

/** Packs b [N, K] of products a b^T, for products that read it again and again. */
export function packColumns(gpu: Gpu, { b, packed }: { readonly b: Tensor; readonly packed: Tensor }): void {
  const [n, k] = b.shape as [number, number];
  packInto(gpu, { side: 'columns', x: b, packed, n, k, line: k, step: 1 });
}

/** out [M, N] = alpha * A B (+ bias) (+ what out held), finished as the product says. */
export function multiplyPacked(gpu: Gpu, product: Product): void {
  const { a, b, bias, out, m, n, k, alpha, accumulate, packed: kept, finish } = product;
  const { aRow, aK, bColumn, bK } = product.strides;
  withLeases(gpu, (lease) => {
    const pack = (side: Side, x: Tensor, lines: number, line: number, step: number): Tensor => {
      const packed = lease('matmul.packed', [panelsOf(side, lines) * k * quadsOf[side] * 4]);
      packInto(gpu, { side, x, packed, n: lines, k, line, step });
      return packed;
    };
    const tile = n % 4 === 0 ? alignedTiles[finish?.kind ?? 'plain'] : anyTile;
    gpu.dispatch(tile, {
      bindings: {
        a: pack('rows', a, m, aRow, aK),
        b: kept ?? pack('columns', b, n, bColumn, bK),
        // Every binding needs a buffer: without a bias, a stands in and is not read as one.
        bias: bias ?? a,
        out,
        ...(finish?.kind === 'sum' && { addend: finish.other }),
        ...(finish?.kind === 'both' && { activated: finish.other }),
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
