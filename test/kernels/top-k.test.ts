/** Exact search against sorting everything, in chunks and segments small enough to need merging. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { Gpu, Tensor } from '../../src/device/types.ts';
import { NO_ROW, topK } from '../../src/kernels/top-k.ts';
import { expectClose, random, testGpu, withTensors } from '../device.ts';
import { dotProducts, type Hit, topK as sorted } from '../reference/top-k.ts';
import { tolerances } from '../tolerances.ts';

let gpu: Gpu;
beforeAll(async () => {
  gpu = await testGpu();
});

interface Case {
  Q: number;
  N: number;
  C: number;
  k: number;
  chunkRows?: number;
  segment?: number;
  /** Sizes of the pages; one page by default. */
  pages?: number[];
}

/** Small integers: every dot product is exact in f32, and many are equal. */
const integerVectors = (seed: number, count: number) =>
  Float32Array.from(random(seed).integers(count, 5), (value) => value - 2);

async function search(one: Case, queries: Float32Array, vectors: Float32Array): Promise<Hit[][]> {
  const { Q, N, C, k, pages = [N], ...sizes } = one;
  return withTensors(gpu, async (scope) => {
    let first = 0;
    const tensors: Tensor[] = pages.map((rows) => {
      const data = vectors.slice(first * C, (first + rows) * C);
      first += rows;
      return scope.upload('vectors', [rows, C], data);
    });
    const rows = scope.upload('rows', [Q, k], new Uint32Array(Q * k).fill(7));
    const scores = scope.unwritten('scores', [Q, k]);
    topK(gpu, { queries: scope.upload('queries', [Q, C], queries), vectors: tensors, k, rows, scores, ...sizes });
    const [foundRows, foundScores] = [await gpu.readU32(rows), await gpu.read(scores)];
    return Array.from({ length: Q }, (_, q) =>
      Array.from({ length: k }, (__, at) => ({ row: foundRows[q * k + at], score: foundScores[q * k + at] })),
    );
  });
}

describe('top k', () => {
  it.each<Case>([
    { Q: 1, N: 1, C: 3, k: 1 },
    { Q: 1, N: 5, C: 1, k: 10 },
    { Q: 3, N: 64, C: 7, k: 64 },
    { Q: 2, N: 257, C: 13, k: 7 },
    { Q: 5, N: 1009, C: 4, k: 100, segment: 256 },
    { Q: 4, N: 1000, C: 33, k: 10, chunkRows: 64, segment: 64 },
    { Q: 2, N: 1500, C: 5, k: 1000, chunkRows: 512, segment: 128 },
    { Q: 65, N: 300, C: 31, k: 3, chunkRows: 128 },
    { Q: 300, N: 129, C: 4, k: 5 },
    { Q: 2, N: 600, C: 8, k: 20, pages: [64, 1, 300, 235], chunkRows: 128 },
    { Q: 2, N: 20_000, C: 2, k: 999 },
  ])('%o', async (one) => {
    const { Q, N, C, k } = one;
    const [queries, vectors] = [integerVectors(N, Q * C), integerVectors(N + 1, N * C)];
    const found = await search(one, queries, vectors);
    found.forEach((hits, q) => {
      const expected = sorted(dotProducts(queries.subarray(q * C, (q + 1) * C), vectors), k);
      expect(hits.slice(0, expected.length)).toEqual(expected.map((hit) => ({ ...hit, score: hit.score + 0 })));
      for (const { row } of hits.slice(expected.length)) expect(row).toBe(NO_ROW);
    });
  });

  it('orders negative scores, and equal ones by row alone', async () => {
    const vectors = Float32Array.of(-1, -3, -1, 0, -0, -2, 0);
    const [hits] = await search({ Q: 1, N: 7, C: 1, k: 7 }, Float32Array.of(1), vectors);
    expect(hits.map(({ row }) => row)).toEqual([3, 4, 6, 0, 2, 5, 1]);
  });

  it('gives the first k of many equal rows', async () => {
    const one = { Q: 1, N: 5000, C: 4, k: 1000, segment: 1024, chunkRows: 2048 };
    const [hits] = await search(one, new Float32Array(4).fill(0.5), new Float32Array(20_000).fill(0.5));
    expect(hits.map(({ row }) => row)).toEqual(Array.from({ length: 1000 }, (_, row) => row));
  });

  it('never ranks a vector with NaN', async () => {
    const vectors = Float32Array.of(1, Number.NaN, 3, Number.NaN);
    const [hits] = await search({ Q: 1, N: 4, C: 1, k: 4 }, Float32Array.of(1), vectors);
    expect(hits.map(({ row }) => row)).toEqual([2, 0, NO_ROW, NO_ROW]);
  });

  it.each([
    ['rise', (row: number) => row],
    ['fall', (row: number) => -row],
  ])('finds the best where scores %s from row to row, NaN among them', async (_, score) => {
    const N = 9004;
    const vectors = Float32Array.from({ length: N }, (__, row) => (row % 7 === 3 ? Number.NaN : score(row)));
    const [hits] = await search({ Q: 1, N, C: 1, k: 5 }, Float32Array.of(1), vectors);
    const expected = sorted(
      dotProducts(
        Float32Array.of(1),
        vectors.map((value) => (Number.isNaN(value) ? -N : value)),
      ),
      5,
    );
    expect(hits.map(({ row }) => row)).toEqual(expected.map(({ row }) => row));
  });

  it('finds nothing among no vectors', async () => {
    const [hits] = await search({ Q: 1, N: 0, C: 2, k: 3, pages: [] }, Float32Array.of(1, 1), new Float32Array(0));
    expect(hits.map(({ row }) => row)).toEqual([NO_ROW, NO_ROW, NO_ROW]);
  });

  it('agrees with float64 on real numbers, whatever the chunks', async () => {
    const [Q, N, C, k] = [3, 3001, 64, 50];
    const [queries, vectors] = [random(1).floats(Q * C), random(2).floats(N * C)];
    const whole = await search({ Q, N, C, k }, queries, vectors);
    expect(await search({ Q, N, C, k, chunkRows: 192, segment: 100 }, queries, vectors)).toEqual(whole);
    whole.forEach((hits, q) => {
      const scores = dotProducts(queries.subarray(q * C, (q + 1) * C), vectors);
      const expected = sorted(scores, k);
      expectClose(
        hits.map(({ score }) => score),
        expected.map(({ score }) => score),
        tolerances.matmul,
        'scores',
      );
      expectClose(
        hits.map(({ row }) => scores[row]),
        expected.map(({ score }) => score),
        tolerances.matmul,
        'rows',
      );
      expect(new Set(hits.map(({ row }) => row)).size).toBe(k);
    });
  });

  it.each([0, 1001, 1.5, Number.NaN])('refuses k = %d', (k) =>
    withTensors(gpu, async (scope) => {
      const matrix = scope.unwritten('matrix', [1, 1]);
      expect(() => topK(gpu, { queries: matrix, vectors: matrix, k, rows: matrix, scores: matrix })).toThrowError(
        expect.objectContaining({ code: 'BAD_USER_INPUT', details: expect.objectContaining({ field: 'k' }) }),
      );
    }),
  );
});
