/**
 * Exact search: the k rows with the largest dot products for each query, ties by the smaller row. Vectors are worked
 * through in chunks of rows; each chunk's best are merged into the best so far, so memory does not grow with N.
 */

import { type Gpu, type KernelForm, rowsOf, type Tensor } from '../device/types.ts';
import { badInput } from '../errors.ts';
import { matmulNT } from './matmul.ts';
import { type Lists, select } from './top-k-select.ts';

export const MAX_K = 1000;
/** Stands in `rows` where there are fewer rows than k. */
export const NO_ROW = 0xffffffff;

/** Candidates that one workgroup selects from, at least. A single lane does better with more. */
const segments: Readonly<Record<KernelForm, number>> = { row: 8192, workgroup: 4096 };
/** Rows of a chunk, at most. */
const CHUNK_ROWS = 65536;
/** Scores of a chunk that are held at once. */
const SCORES_BYTES = 64 * 2 ** 20;
/** Queries searched together; a multiple of 64 keeps slices of [Q, C] and [Q, k] aligned. */
const QUERY_TILE = 256;

export interface TopKCall {
  /** [Q, C]; unit rows make the scores cosines. */
  readonly queries: Tensor;
  /** [N, C], or several such pages whose rows count on. */
  readonly vectors: Tensor | readonly Tensor[];
  /** 1..1000. */
  readonly k: number;
  /** u32 [Q, k]: best row first; {@link NO_ROW} where N < k. A vector with NaN never ranks. */
  readonly rows: Tensor;
  /** f32 [Q, k]: their dot products. */
  readonly scores: Tensor;
  /** Rows of a chunk at most (tests); a multiple of 64. */
  readonly chunkRows?: number;
  /** Candidates of a workgroup (tests). */
  readonly segment?: number;
}

/** Records the search. Throws BAD_USER_INPUT for a k that is not 1..1000. */
export function topK(gpu: Gpu, call: TopKCall): void {
  const { k, queries } = call;
  if (!Number.isInteger(k) || k < 1 || k > MAX_K) {
    throw badInput(`k is ${k}`, {
      field: 'k',
      expected: `an integer from 1 to ${MAX_K}`,
      remedy: 'Ask for fewer hits.',
    });
  }
  for (let first = 0; first < queries.shape[0]; first += QUERY_TILE) {
    const count = Math.min(QUERY_TILE, queries.shape[0] - first);
    searchTile(gpu, {
      ...call,
      queries: rowsOf(gpu, queries, first, count),
      rows: rowsOf(gpu, call.rows, first, count),
      scores: rowsOf(gpu, call.scores, first, count),
    });
  }
}

interface Chunk {
  readonly vectors: Tensor;
  readonly firstRow: number;
}

function searchTile(gpu: Gpu, call: TopKCall): void {
  const { queries, k, rows, scores } = call;
  const Q = queries.shape[0];
  const segment = call.segment ?? Math.max(segments[gpu.traits.form], 8 * k);
  const chunks = chunksOf(gpu, call, Q);
  if (chunks.length === 0) {
    gpu.write(rows, new Uint32Array(Q * k).fill(NO_ROW));
    gpu.write(scores, new Float32Array(Q * k));
    return;
  }
  const longest = Math.max(...chunks.map((chunk) => chunk.vectors.shape[0]));
  const chunkScores = gpu.lease('similarity', [Q, longest]);
  const search = { queries, chunkScores, k, segment };
  const results = { scores, rows };
  if (chunks.length === 1 && longest <= segment) {
    selectFromChunk(gpu, { ...search, chunk: chunks[0], to: results, outPitch: k, outOffset: 0 });
  } else {
    mergeChunks(gpu, chunks, search, results, k * (1 + Math.ceil(longest / segment)));
  }
  gpu.release(chunkScores);
}

interface ChunkSearch {
  readonly queries: Tensor;
  /** [Q, rows of the longest chunk]. */
  readonly chunkScores: Tensor;
  readonly k: number;
  readonly segment: number;
}

/**
 * Candidate lists [Q, pitch] hold the best k so far, then the best k of each segment of the current chunk; each merge
 * writes the head of the next list, the last one the results.
 */
function mergeChunks(gpu: Gpu, chunks: readonly Chunk[], search: ChunkSearch, results: Lists, pitch: number): void {
  const { queries, k } = search;
  const Q = queries.shape[0];
  const lease = (): Lists => ({
    scores: gpu.lease('candidate scores', [Q, pitch]),
    rows: gpu.lease('candidate rows', [Q, pitch], 'u32'),
  });
  const lists = [lease(), lease()];
  chunks.forEach((chunk, index) => {
    const list = lists[index % 2];
    const found = selectFromChunk(gpu, { ...search, chunk, to: list, outPitch: pitch, outOffset: k });
    const inOffset = index === 0 ? k : 0;
    const isLast = index === chunks.length - 1;
    const width = found * k + (k - inOffset);
    select(gpu, {
      queries: Q,
      k,
      from: list,
      to: isLast ? results : lists[(index + 1) % 2],
      width,
      segments: 1,
      segmentLength: width,
      inPitch: pitch,
      inOffset,
      fromList: true,
      firstRow: 0,
      outPitch: isLast ? k : pitch,
      outOffset: 0,
    });
  });
  for (const { scores, rows } of lists) {
    gpu.release(scores);
    gpu.release(rows);
  }
}

/** Cuts the pages into chunks whose scores and vectors each fit a binding. */
function chunksOf(gpu: Gpu, { vectors, chunkRows }: TopKCall, Q: number): Chunk[] {
  const pages = 'shape' in vectors ? [vectors] : vectors;
  const limit = Math.min(SCORES_BYTES, gpu.largestBinding);
  const chunks: Chunk[] = [];
  let pageStart = 0;
  for (const page of pages) {
    const [N, C] = page.shape;
    const fitting = Math.min(Math.floor(limit / (4 * Q)), Math.floor(limit / (4 * C)), CHUNK_ROWS);
    const size = Math.max(64, Math.floor(Math.min(fitting, chunkRows ?? fitting) / 64) * 64);
    for (let first = 0; first < N; first += size) {
      chunks.push({ vectors: rowsOf(gpu, page, first, Math.min(size, N - first)), firstRow: pageStart + first });
    }
    pageStart += N;
  }
  return chunks;
}

/** Scores of a chunk and the best k of each of its segments. Returns the number of segments. */
function selectFromChunk(
  gpu: Gpu,
  call: ChunkSearch & { chunk: Chunk; to: Lists; outPitch: number; outOffset: number },
): number {
  const { queries, chunk, chunkScores, k, segment, to, outPitch, outOffset } = call;
  const [Q, N] = [queries.shape[0], chunk.vectors.shape[0]];
  const out = gpu.view(chunkScores, 0, [Q, N]);
  matmulNT(gpu, { a: queries, b: chunk.vectors, out });
  const segments = Math.ceil(N / segment);
  select(gpu, {
    queries: Q,
    k,
    from: { scores: out, rows: out },
    to,
    width: N,
    segments,
    segmentLength: segment,
    inPitch: N,
    inOffset: 0,
    fromList: false,
    firstRow: chunk.firstRow,
    outPitch,
    outOffset,
  });
  return segments;
}
