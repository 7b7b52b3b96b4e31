/**
 * Token embeddings: out[t] = word[id] + position[pos] + type[typeId], and the gradient of each table.
 *
 * The gradient is summed without atomics, by an index that groups the tokens of an id. Few ids may own very many tokens
 * (token types, low positions, special tokens), so an id's tokens are cut into segments that are summed side by side,
 * and then the sums of an id's segments are added in their order: the same bits for the same ids, every time.
 */

import type { Gpu, KernelSpec, Tensor } from '../device/types.ts';
import { withLeases } from '../device/types.ts';
import { forWidth, inFormsOfLanes } from './forms.ts';

/** Tokens, segments or ids of one workgroup: enough to be worth starting on a CPU, few enough for a GPU. */
const ROWS = 8;

const embeddingForwardKernels = inFormsOfLanes({
  name: 'embedding_forward',
  shader: 'embedding/embedding_forward.wgsl',
  include: ['common/grid.wgsl'],
  bindings: {
    ids: 'read',
    positions: 'read',
    typeIds: 'read',
    word: 'read',
    position: 'read',
    tokenType: 'read',
    out: 'write',
  },
  params: { tokens: 'u32', width: 'u32', firstRow: 'u32', rows: 'u32' },
});

const embeddingRowsKernels = inFormsOfLanes({
  name: 'embedding_rows',
  shader: 'embedding/embedding_rows.wgsl',
  include: ['common/grid.wgsl'],
  bindings: { ids: 'read', table: 'read', out: 'write' },
  params: { tokens: 'u32', width: 'u32', firstRow: 'u32', rows: 'u32' },
});

const embeddingSegmentKernels = inFormsOfLanes({
  name: 'embedding_segment',
  shader: 'embedding/embedding_segment.wgsl',
  include: ['common/grid.wgsl'],
  bindings: { dOut: 'read', index: 'read', partial: 'write' },
  // segmentStarts, order: where these parts of `index` begin (ScatterIndex).
  params: { segments: 'u32', width: 'u32', segmentStarts: 'u32', order: 'u32' },
});

const embeddingTableKernels = inFormsOfLanes({
  name: 'embedding_table',
  shader: 'embedding/embedding_table.wgsl',
  include: ['common/grid.wgsl'],
  bindings: { partial: 'read', index: 'read', dTable: 'write' },
  params: { rows: 'u32', width: 'u32', rowStarts: 'u32' },
});

export interface EmbeddingForward {
  /** [T] u32 each, every value below its table's rows. */
  readonly ids: Tensor;
  readonly positions: Tensor;
  readonly typeIds: Tensor;
  /** [V, C], or rows of it from `firstRow` on: only tokens with such an id are written then. */
  readonly word: Tensor;
  readonly firstRow?: number;
  /** [P, C] */
  readonly position: Tensor;
  /** [2, C] or what the family has */
  readonly type: Tensor;
  /** [T, C] */
  readonly out: Tensor;
}

export function embeddingForward(gpu: Gpu, call: EmbeddingForward): void {
  const [tokens, columns] = call.out.shape as [number, number];
  const { ids, positions, typeIds, word, firstRow = 0, position, type, out } = call;
  const { kernel, width } = forWidth(embeddingForwardKernels, gpu.traits.form, columns);
  gpu.dispatch(kernel, {
    bindings: { ids, positions, typeIds, word, position, tokenType: type, out },
    params: { tokens, width, firstRow, rows: word.shape[0]! },
    grid: [Math.ceil(tokens / ROWS)],
  });
}

export interface EmbeddingRows {
  /** [T] u32 */
  readonly ids: Tensor;
  /** [V, C], or rows of it from `firstRow` on: only tokens with such an id are written then. */
  readonly table: Tensor;
  readonly firstRow?: number;
  /** [T, C] */
  readonly out: Tensor;
}

/** out[t] = table[ids[t]] */
export function embeddingRows(gpu: Gpu, { ids, table, firstRow = 0, out }: EmbeddingRows): void {
  const [tokens, columns] = out.shape as [number, number];
  const { kernel, width } = forWidth(embeddingRowsKernels, gpu.traits.form, columns);
  gpu.dispatch(kernel, {
    bindings: { ids, table, out },
    params: { tokens, width, firstRow, rows: table.shape[0]! },
    grid: [Math.ceil(tokens / ROWS)],
  });
}

/**
 * The tokens of every id that occurs, in one array for the device:
 * rows [U] ids ascending | rowStarts [U+1] into segments | segmentStarts [S+1] into order | order [T] tokens by id,
 * ascending.
 */
export interface ScatterIndex {
  readonly data: Uint32Array;
  /** U, different ids. */
  readonly rows: number;
  /** S, segments of all ids. */
  readonly segments: number;
  /** T, tokens of these ids */
  readonly tokens: number;
}

/** Tokens summed by one lane: at least 32, and enough that no id has more than 256 segments. */
const segmentLength = (tokens: number): number => Math.max(32, Math.ceil(tokens / 256));

/** Rows of a table. */
interface RowRange {
  readonly firstRow: number;
  readonly rows: number;
}

const allRows: RowRange = { firstRow: 0, rows: Number.POSITIVE_INFINITY };

/** Numbers of the tokens whose ids are such rows and not `frozenRow`, by id, tokens of one id ascending. */
function tokensById(ids: ArrayLike<number>, { firstRow, rows }: RowRange, frozenRow?: number): Uint32Array {
  // One number sorts by id, then by token; exact below 2^53.
  const keys = new Float64Array(ids.length);
  let count = 0;
  for (let token = 0; token < ids.length; token++) {
    const id = ids[token]!;
    if (id >= firstRow && id - firstRow < rows && id !== frozenRow) keys[count++] = id * ids.length + token;
  }
  const order = keys.subarray(0, count).sort();
  return Uint32Array.from(order, (value) => value % ids.length);
}

/**
 * Groups token numbers by id, on the host. With a range, only the tokens whose ids lie in it, counted from its first
 * row: the same order of sums as without. Tokens of the id `frozenRow` are left out, so its row gets no gradient.
 */
export function scatterIndex(ids: ArrayLike<number>, range = allRows, frozenRow?: number): ScatterIndex {
  const order = tokensById(ids, range, frozenRow);
  const length = segmentLength(ids.length);
  const rows: number[] = [];
  const rowStarts: number[] = [];
  const segmentStarts: number[] = [];
  let begin = 0;
  for (let i = 0; i < order.length; i++) {
    const id = ids[order[i]!]! - range.firstRow;
    if (i === 0 || id !== rows[rows.length - 1]) {
      rows.push(id);
      rowStarts.push(segmentStarts.length);
      begin = i;
    }
    if ((i - begin) % length === 0) segmentStarts.push(i);
  }
  const segments = segmentStarts.length;
  rowStarts.push(segments);
  segmentStarts.push(order.length);
  const data = new Uint32Array(rows.length + rowStarts.length + segmentStarts.length + order.length);
  let at = 0;
  for (const part of [rows, rowStarts, segmentStarts, order]) {
    data.set(part, at);
    at += part.length;
  }
  return { data, rows: rows.length, segments, tokens: order.length };
}

export interface EmbeddingBackward {
  /** [T, C] */
  readonly dOut: Tensor;
  /** {@link scatterIndex} of the ids that the table was looked up with; its buffer is leased here. */
  readonly index: ScatterIndex;
  /** [V, C], accumulates (+=); rows that no token names are not touched. */
  readonly dTable: Tensor;
}

export function embeddingBackward(gpu: Gpu, { dOut, index, dTable }: EmbeddingBackward): void {
  const [, columns] = dOut.shape as [number, number];
  const { rows, segments } = index;
  if (rows === 0) return;
  const { kernel: segmentKernel, width } = forWidth(embeddingSegmentKernels, gpu.traits.form, columns);
  const { kernel: tableKernel } = forWidth(embeddingTableKernels, gpu.traits.form, columns);
  withLeases(gpu, (lease) => {
    const table = lease('embedding.index', [index.data.length], 'u32');
    const partial = lease('embedding.partial', [segments, columns]);
    gpu.write(table, index.data);
    const rowStarts = rows;
    const segmentStarts = rowStarts + rows + 1;
    gpu.dispatch(segmentKernel, {
      bindings: { dOut, index: table, partial },
      params: { segments, width, segmentStarts, order: segmentStarts + segments + 1 },
      grid: [Math.ceil(segments / ROWS)],
    });
    gpu.dispatch(tableKernel, {
      bindings: { partial, index: table, dTable },
      params: { rows, width, rowStarts },
      grid: [Math.ceil(rows / ROWS)],
    });
  });
}

export const embeddingKernels: readonly KernelSpec[] = [
  embeddingForwardKernels,
  embeddingSegmentKernels,
  embeddingTableKernels,
].flatMap((kernels) => Object.values(kernels));

/** Only of models without a table of positions. */
export const embeddingRowsOnlyKernels: readonly KernelSpec[] = Object.values(embeddingRowsKernels);
