/** Exact nearest neighbours of host vectors among vectors on the device. */

import type { Gpu, Tensor } from '../device/types.ts';
import { withLeases } from '../device/types.ts';
import { badInput } from '../errors.ts';
import { matmulColumnLimit, matmulNT } from '../kernels/matmul.ts';
import { MAX_K, topK } from '../kernels/top-k.ts';
import type { Neighbours } from './types.ts';

/** Queries sent to the device at once. */
const queryTile = 256;

/**
 * Searches `pages` for the k best rows of each query; fewer where there are fewer rows. Row numbers continue from page
 * to page. queries: row-major [Q, C].
 */
export async function searchVectors(
  gpu: Gpu,
  { pages, queries, dimension, k }: { pages: readonly Tensor[]; queries: Float32Array; dimension: number; k: number },
  turn: () => Promise<void> = async () => {},
): Promise<Neighbours> {
  if (!Number.isInteger(k) || k < 1 || k > MAX_K) {
    throw badInput(`k is ${k}`, {
      field: 'k',
      expected: `an integer from 1 to ${MAX_K}`,
      remedy: 'Ask for fewer hits.',
    });
  }
  const Q = queries.length / dimension;
  const count = pages.reduce((sum, page) => sum + page.shape[0]!, 0);
  const found = Math.min(k, count);
  const result = { rows: new Uint32Array(Q * found), scores: new Float32Array(Q * found), k: found };
  for (let first = 0; first < Q && found > 0; first += queryTile) {
    const tile = Math.min(queryTile, Q - first);
    const query = upload(gpu, queries, dimension, first, tile);
    const rows = gpu.lease('hits', [tile, found], 'u32');
    const scores = gpu.lease('hit scores', [tile, found]);
    let reads: Promise<[Uint32Array, Float32Array]>;
    try {
      topK(gpu, { queries: query, vectors: pages, k: found, rows, scores });
      reads = Promise.all([gpu.readU32(rows), gpu.read(scores)]);
    } finally {
      for (const tensor of [query, rows, scores]) gpu.release(tensor);
    }
    const [tileRows, tileScores] = await reads;
    result.rows.set(tileRows, first * found);
    result.scores.set(tileScores, first * found);
    await turn();
  }
  return result;
}

/** Rows that one page of vectors may hold: within a binding and a product's grid, and a multiple of 64. */
export const rowsPerPage = (gpu: Pick<Gpu, 'largestBinding'>, dimension: number): number => {
  const fitting = Math.floor(gpu.largestBinding / (dimension * 4));
  return Math.max(64, Math.floor(Math.min(fitting, matmulColumnLimit) / 64) * 64);
};

/** Scores held at once, in bytes. */
const scoresBytes = 32 * 1024 * 1024;

export interface SimilarityInput {
  /** Row-major [Q, C]. */
  readonly queries: Float32Array;
  /** Row-major [N, C]. */
  readonly vectors: Float32Array;
  readonly dimension: number;
}

/** Dot products of every query with every vector, query by query in order: `visit(query, scores [N])`. */
export async function eachSimilarityRow(
  gpu: Gpu,
  { queries, vectors, dimension }: SimilarityInput,
  visit: (query: number, scores: Float32Array) => void,
  turn: () => Promise<void> = async () => {},
): Promise<void> {
  const [Q, N] = [queries.length / dimension, vectors.length / dimension];
  const perPage = rowsPerPage(gpu, dimension);
  const tile = Math.max(1, Math.min(queryTile, Math.floor(scoresBytes / (4 * Math.max(N, 1)))));
  const pages = Array.from({ length: Math.ceil(N / perPage) }, (_, page) =>
    upload(gpu, vectors, dimension, page * perPage, Math.min(perPage, N - page * perPage)),
  );
  try {
    for (let first = 0; first < Q; first += tile) {
      const count = Math.min(tile, Q - first);
      const scores = await scoreTile(gpu, upload(gpu, queries, dimension, first, count), pages);
      for (let query = 0; query < count; query++) visit(first + query, joinRow(scores, pages, query, N));
      await turn();
    }
  } finally {
    for (const page of pages) gpu.release(page);
  }
}

function upload(gpu: Gpu, rows: Float32Array, dimension: number, first: number, count: number): Tensor {
  const tensor = gpu.lease('vectors', [count, dimension]);
  gpu.write(tensor, rows.subarray(first * dimension, (first + count) * dimension));
  return tensor;
}

/** Scores of a tile of queries, which is released here, against every page. */
async function scoreTile(gpu: Gpu, queries: Tensor, pages: readonly Tensor[]): Promise<Float32Array[]> {
  try {
    const reads = pages.map((page) =>
      withLeases(gpu, (lease) => {
        const scores = lease('scores', [queries.shape[0]!, page.shape[0]!]);
        matmulNT(gpu, { a: queries, b: page, out: scores });
        return gpu.read(scores);
      }),
    );
    return Promise.all(reads);
  } finally {
    gpu.release(queries);
  }
}

/** One query's scores over all pages; a view where there is one page. */
function joinRow(scores: readonly Float32Array[], pages: readonly Tensor[], query: number, N: number): Float32Array {
  const parts = pages.map((page, index) => {
    const rows = page.shape[0]!;
    return scores[index]!.subarray(query * rows, (query + 1) * rows);
  });
  if (parts.length === 1) return parts[0]!;
  const row = new Float32Array(N);
  let at = 0;
  for (const part of parts) {
    row.set(part, at);
    at += part.length;
  }
  return row;
}
