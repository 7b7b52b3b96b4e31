/** Matrix products and sums of columns, at the shapes of a linear layer's forward and backward pass. */
import { columnSum, matmulNN, matmulNT, matmulTN } from '../../../dist/src/kernels/matmul.js';
import { bytesOf } from './hold.mjs';

/**
 * The three products of a linear layer from k to n channels over m rows: y = x w^T + bias, dX = dY w, dW += dY^T x.
 * Each multiplies and adds m * n * k times. `second`: elements of the operand that the CPU device packs.
 */
export function productsOf(gpu, hold, [m, n, k]) {
  const [x, w, y, dW, bias] = [
    hold.filled(m, k),
    hold.filled(n, k),
    hold.filled(m, n),
    hold.empty(n, k),
    hold.filled(n),
  ];
  const dX = hold.empty(m, k);
  return {
    nt: { run: () => matmulNT(gpu, { a: x, b: w, bias, out: y }), second: n * k, elements: m * k + n * k + m * n },
    nn: { run: () => matmulNN(gpu, { a: y, b: w, out: dX }), second: n * k, elements: m * n + n * k + m * k },
    tn: {
      run: () => matmulTN(gpu, { a: y, b: x, out: dW, accumulate: true }),
      ...{ second: m * k, elements: m * n + m * k + 2 * n * k },
    },
  };
}

/** m, n, k of all-MiniLM-L6-v2: attention's layers, and the two of the feed-forward. */
export const productShapes = (rows) => [
  [rows, 384, 384],
  [rows, 1536, 384],
  [rows, 384, 1536],
];

/** The scores of 32 queries and their gradients: fewer rows than the CPU device packs for. */
const scoresShape = [32, 32, 384];

export const productCases = (gpu, rows) => [
  ...[...productShapes(rows), scoresShape].flatMap((shape) =>
    ['nt', 'nn', 'tn'].map((layout) => ({
      name: `${layout} ${shape.join(' x ')}`,
      prepare(hold) {
        const { run, second } = productsOf(gpu, hold, shape)[layout];
        const flops = 2 * shape[0] * shape[1] * shape[2];
        return { run, works: { 'matmul-pack-': { bytes: bytesOf(2 * second) }, 'matmul-': { flops } } };
      },
    })),
  ),
  ...[384, 1536].map((columns) => ({
    name: `column sum ${rows} x ${columns}`,
    prepare(hold) {
      const [x, out] = [hold.filled(rows, columns), hold.empty(columns)];
      // The sums of 32 rows each are written and read again.
      const partial = Math.ceil(rows / 32) * columns;
      return {
        run: () => columnSum(gpu, { x, out, accumulate: true }),
        works: { 'column-sum-': { bytes: bytesOf(rows * columns, 2 * partial, 2 * columns) } },
      };
    },
  })),
];
