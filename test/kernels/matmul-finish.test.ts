/**
 * Products that add a matrix or apply GELU where they are made, and those whose second matrix is kept packed: to the
 * bits of the separate steps.
 */
import { describe, expect, it } from 'vitest';
import type { Tensor } from '../../src/device/types.ts';
import { add, geluForward } from '../../src/kernels/elementwise.ts';
import { matmulGelu, matmulNT, matmulPlus } from '../../src/kernels/matmul.ts';
import { packColumns, packedSize } from '../../src/kernels/matmul-packed.ts';
import { random, type TensorScope, testGpu, withTensors } from '../device.ts';

const gpu = await testGpu();

/** [M, N, K]: around the numbers of rows from which products pack, and panels that are not full. */
const sizes: readonly (readonly [number, number, number])[] = [
  [1, 4, 4],
  [23, 12, 20],
  [24, 20, 7],
  [47, 36, 33],
  [48, 8, 16],
  [61, 52, 40],
  [61, 13, 9],
  [145, 100, 65],
];

type Product = Parameters<typeof matmulNT>[1];

/** Results of `run` with the operands of a product [M, N] over K; `addend` is [M, N]. */
function compute(
  [m, n, k]: readonly [number, number, number],
  run: (product: Product, addend: Tensor, scope: TensorScope) => readonly Tensor[],
): Promise<Float32Array[]> {
  const source = random(m * 7 + n * 3 + k);
  return withTensors(gpu, async (scope) => {
    const product = {
      a: scope.upload('a', [m, k], source.floats(m * k)),
      b: scope.upload('b', [n, k], source.floats(n * k)),
      bias: scope.upload('bias', [n], source.floats(n)),
      out: scope.unwritten('out', [m, n]),
    };
    const results = run(product, scope.upload('addend', [m, n], source.floats(m * n)), scope);
    return Promise.all(results.map((tensor) => gpu.read(tensor)));
  });
}

describe.each(sizes)('a product [%i,%i] over %i', (...size) => {
  const [m, n, k] = size;

  it('adds a matrix', async () => {
    const separate = await compute(size, (product, addend, scope) => {
      const sum = scope.unwritten('sum', [m, n]);
      matmulNT(gpu, product);
      add(gpu, { a: product.out, b: addend, out: sum });
      return [sum];
    });
    const together = await compute(size, (product, addend) => {
      matmulPlus(gpu, { ...product, addend });
      return [product.out];
    });
    expect(together).toEqual(separate);
  });

  it('applies GELU, and keeps what it was applied to where that is asked for', async () => {
    const separate = await compute(size, (product, _addend, scope) => {
      const activated = scope.unwritten('activated', [m, n]);
      matmulNT(gpu, product);
      geluForward(gpu, { x: product.out, out: activated });
      return [product.out, activated];
    });
    const together = await compute(size, (product, _addend, scope) => {
      const activated = scope.unwritten('activated', [m, n]);
      matmulGelu(gpu, { ...product, activated });
      return [product.out, activated];
    });
    expect(together).toEqual(separate);
    const alone = await compute(size, ({ out: activated, ...product }) => {
      matmulGelu(gpu, { ...product, out: undefined, activated });
      return [activated];
    });
    expect(alone).toEqual(separate.slice(1));
  });

  it.runIf(gpu.traits.packs)('reads a matrix that was packed before', async () => {
    const packing = await compute(size, (product) => {
      matmulNT(gpu, product);
      return [product.out];
    });
    const kept = await compute(size, (product, _addend, scope) => {
      const packed = scope.unwritten('packed', [packedSize(n, k)]);
      packColumns(gpu, { b: product.b, packed });
      matmulNT(gpu, { ...product, packed: () => packed });
      return [product.out];
    });
    expect(kept).toEqual(packing);
  });
});
