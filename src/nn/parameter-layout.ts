/**
 * Where the parameters of a model lie in flat buffers. Every tensor begins at a multiple of 256 bytes, and so does
 * every part of one that is used in parts. Where the model is larger than one binding, the buffers are split into
 * pages; a tensor, or a part, never crosses a page. Parameters that are trained differently have pages of their own, so
 * that the optimizer goes through whole pages. Arithmetic alone: the memory plan uses it without a device.
 */
import { elementCount } from '../device/types.ts';
import { limitExceeded } from '../errors.ts';
import type { TensorShape } from './types.ts';

const alignment = 256;
const paddedBytes = (elements: number): number => Math.ceil((elements * 4) / alignment) * alignment;

/** Rows of a tensor that lie together. */
export interface Piece {
  readonly firstRow: number;
  readonly rows: number;
  readonly page: number;
  /** Bytes from the page's start. */
  readonly offset: number;
}

export interface Slot extends TensorShape {
  /** In the order of their rows; one, unless the tensor is used in parts. */
  readonly pieces: readonly Piece[];
}

/** The group of a parameter: its place in the optimizer's list of groups, or null if it is frozen. */
export type GroupOf = (name: string) => number | null;

interface PageLayout {
  readonly bytes: number;
  readonly group: number | null;
}

/** Where every tensor lies. */
export interface ParameterLayout {
  readonly slots: readonly Slot[];
  readonly pages: readonly PageLayout[];
  /** Elements of all tensors, padding not counted. */
  readonly elements: number;
  /** Bytes of one flat copy, padding included. */
  readonly bytes: number;
  /** The same of the parameters that are not frozen. */
  readonly trained: { readonly elements: number; readonly bytes: number };
}

/** Every parameter in one group. */
const oneGroup: GroupOf = () => 0;

/** Elements of one row; of a vector, one. */
export const rowLength = ([, ...rest]: readonly number[]): number => elementCount(rest);

/**
 * Lays tensors out, in their order. A fused layer's parts are laid out one by one; a table larger than one binding is
 * cut between rows. Throws a LIMIT_EXCEEDED for any other tensor that is larger than one binding.
 */
export function layoutParameters(
  tensors: readonly TensorShape[],
  bindingBytes: number,
  groupOf: GroupOf = oneGroup,
): ParameterLayout {
  const pages: { bytes: number; readonly group: number | null }[] = [];
  /** The last page of each group. */
  const open = new Map<number | null, number>();
  const place = (bytes: number, group: number | null): { page: number; offset: number } => {
    let page = open.get(group);
    if (page === undefined || pages[page]!.bytes + bytes > bindingBytes) {
      page = pages.push({ bytes: 0, group }) - 1;
      open.set(group, page);
    }
    const offset = pages[page]!.bytes;
    pages[page]!.bytes += bytes;
    return { page, offset };
  };
  const slots = tensors.map((tensor): Slot => {
    const width = rowLength(tensor.shape);
    const pieces = cutRows(tensor, bindingBytes).map(({ firstRow, rows }): Piece => {
      const bytes = paddedBytes(rows * width);
      if (bytes > bindingBytes) refuseTensor(tensor.name, bytes, bindingBytes);
      return { firstRow, rows, ...place(bytes, groupOf(tensor.name)) };
    });
    return { ...tensor, pieces };
  });
  const elementsOf = (some: readonly TensorShape[]): number =>
    some.reduce((sum, { shape }) => sum + elementCount(shape), 0);
  const bytesOf = (some: readonly PageLayout[]): number => some.reduce((sum, { bytes }) => sum + bytes, 0);
  const trained = {
    elements: elementsOf(tensors.filter(({ name }) => groupOf(name) !== null)),
    bytes: bytesOf(pages.filter(({ group }) => group !== null)),
  };
  return { slots, pages, elements: elementsOf(tensors), bytes: bytesOf(pages), trained };
}

function cutRows({ shape, parts = 1 }: TensorShape, bindingBytes: number): Pick<Piece, 'firstRow' | 'rows'>[] {
  const [total = 1] = shape;
  const most = Math.max(1, Math.floor(bindingBytes / (4 * rowLength(shape))));
  const size = parts === 'rows' ? most : total / parts;
  return Array.from({ length: Math.ceil(total / size) }, (_, i) => ({
    firstRow: i * size,
    rows: Math.min(size, total - i * size),
  }));
}

function refuseTensor(name: string, bytes: number, bindingBytes: number): never {
  throw limitExceeded(`Parameter ${name} needs ${bytes} bytes in one binding`, {
    field: name,
    expected: `at most ${bindingBytes} bytes, the adapter's limit`,
    remedy: 'Use a smaller vocabulary or width, or an adapter with a larger maxStorageBufferBindingSize.',
  });
}

/**
 * Elements of a page that weight decay leaves alone: biases and LayerNorm, all that has one axis (as transformers'
 * Trainer does).
 */
export const undecayedRanges = (layout: ParameterLayout, page: number): { start: number; length: number }[] =>
  layout.slots
    .filter(({ shape }) => shape.length <= 1)
    .flatMap(({ pieces }) => pieces)
    .filter((piece) => piece.page === page)
    .map(({ offset, rows }) => ({ start: offset / 4, length: rows }));
