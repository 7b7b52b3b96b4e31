/**
 * The parameters of a model on the device, as flat buffers: values, and while training gradients and AdamW's two
 * moments. Every tensor begins at a multiple of 256 bytes, and so does every part of one that is used in parts. Where
 * the model is larger than one binding, the flat buffers are split into pages; a tensor, or a part, never crosses a
 * page.
 */

import { elementCount, type Gpu, type Tensor } from '../device/types.ts';
import { invariant, limitExceeded } from '../errors.ts';
import type { TensorShape, TensorSource } from './types.ts';

const alignment = 256;
const bytesOf = (elements: number): number => Math.ceil((elements * 4) / alignment) * alignment;

/** Rows of a tensor that lie together. */
interface Piece {
  readonly firstRow: number;
  readonly rows: number;
  readonly page: number;
  /** Bytes from the page's start. */
  readonly offset: number;
}

interface Slot extends TensorShape {
  /** In the order of their rows; one, unless the tensor is used in parts. */
  readonly pieces: readonly Piece[];
}

interface PageLayout {
  readonly bytes: number;
}

/** Where every tensor lies. Pure arithmetic: the memory plan uses it without a device. */
export interface ParameterLayout {
  readonly slots: readonly Slot[];
  readonly pages: readonly PageLayout[];
  /** Elements of all tensors, padding not counted. */
  readonly elements: number;
  /** Bytes of one flat copy, padding included. */
  readonly bytes: number;
}

/** Elements of one row; of a vector, one. */
const rowLength = ([, ...rest]: readonly number[]): number => elementCount(rest);

/**
 * Lays tensors out, in their order. A fused layer's parts are laid out one by one; a table larger than one binding is
 * cut between rows. Refuses any other tensor that is larger than one binding.
 */
export function layoutParameters(tensors: readonly TensorShape[], bindingBytes: number): ParameterLayout {
  const pages: { bytes: number }[] = [];
  const place = (bytes: number): { page: number; offset: number } => {
    let page = pages[pages.length - 1];
    if (page === undefined || page.bytes + bytes > bindingBytes) {
      page = { bytes: 0 };
      pages.push(page);
    }
    const offset = page.bytes;
    page.bytes += bytes;
    return { page: pages.length - 1, offset };
  };
  const slots = tensors.map((tensor): Slot => {
    const width = rowLength(tensor.shape);
    const pieces = cutRows(tensor, bindingBytes).map(({ firstRow, rows }): Piece => {
      const bytes = bytesOf(rows * width);
      if (bytes > bindingBytes) refuseTensor(tensor.name, bytes, bindingBytes);
      return { firstRow, rows, ...place(bytes) };
    });
    return { ...tensor, pieces };
  });
  return {
    slots,
    pages,
    elements: tensors.reduce((sum, { shape }) => sum + elementCount(shape), 0),
    bytes: pages.reduce((sum, { bytes }) => sum + bytes, 0),
  };
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

/** One parameter: a view of the flat values and, while training, of the flat gradients. */
export interface Parameter {
  readonly name: string;
  readonly value: Tensor;
  /** Throws when the model is not being trained. */
  readonly gradient: Tensor;
}

/** Rows of a parameter that is used in parts. */
export interface ParameterPart extends Parameter {
  /** Where its rows begin in the whole. */
  readonly firstRow: number;
}

/** The kinds of flat copies. */
export type FlatKind = 'values' | 'gradients' | 'm' | 'v';

export class Parameters {
  readonly layout: ParameterLayout;
  readonly #gpu: Gpu;
  readonly #flat = new Map<FlatKind, Tensor[]>();
  readonly #slots: ReadonlyMap<string, Slot>;

  /** Allocates the values (zero-filled) and, for training, gradients and moments. */
  constructor(
    gpu: Gpu,
    tensors: readonly TensorShape[],
    { training, pageBytes = gpu.largestBinding }: { readonly training: boolean; readonly pageBytes?: number },
  ) {
    this.#gpu = gpu;
    this.layout = layoutParameters(tensors, pageBytes);
    this.#slots = new Map(this.layout.slots.map((slot) => [slot.name, slot]));
    const kinds: FlatKind[] = training ? ['values', 'gradients', 'm', 'v'] : ['values'];
    for (const kind of kinds) {
      this.#flat.set(
        kind,
        this.layout.pages.map((page, index) => gpu.allocate(`parameters.${kind}.${index}`, [page.bytes / 4])),
      );
    }
  }

  /** Bytes held on the device. */
  get bytes(): number {
    return this.layout.bytes * this.#flat.size;
  }

  has(name: string): boolean {
    return this.#slots.has(name);
  }

  /** A parameter that not every model of its family has. */
  find(name: string): Parameter | undefined {
    return this.has(name) ? this.get(name) : undefined;
  }

  /** The parts of such a parameter. */
  findParts(name: string): readonly ParameterPart[] | undefined {
    return this.has(name) ? this.parts(name) : undefined;
  }

  get(name: string): Parameter {
    const parts = this.parts(name);
    invariant(parts.length === 1, `The parameter ${name} is used in ${parts.length} parts`);
    return parts[0]!;
  }

  /** The parts of a parameter in the order of their rows: one, if it is used whole. */
  parts(name: string): readonly ParameterPart[] {
    const slot = this.#slots.get(name);
    invariant(slot !== undefined, `No parameter is called ${name}`);
    const view = (kind: FlatKind, piece: Piece): Tensor => this.#view(kind, slot, piece);
    return slot.pieces.map((piece) => ({
      name: slot.pieces.length === 1 ? name : `${name}[${piece.firstRow}]`,
      firstRow: piece.firstRow,
      value: view('values', piece),
      get gradient() {
        return view('gradients', piece);
      },
    }));
  }

  /** The pages of one flat copy, whole. */
  pages(kind: FlatKind): readonly Tensor[] {
    const pages = this.#flat.get(kind);
    invariant(pages !== undefined, `The parameters hold no ${kind}: the model is not being trained`);
    return pages;
  }

  #view(kind: FlatKind, { name, shape: [, ...rest] }: Slot, { page: index, offset, rows }: Piece): Tensor {
    const page = this.pages(kind)[index]!;
    return this.#gpu.view(page, offset / 4, [rows, ...rest], name);
  }

  /** Fills one flat copy from a source, tensor by tensor. `prefix` is put before the names. */
  async load(source: TensorSource, kind: FlatKind = 'values', prefix = ''): Promise<void> {
    for (const slot of this.layout.slots) {
      const data = await source.read(prefix + slot.name, slot.shape);
      const width = rowLength(slot.shape);
      for (const piece of slot.pieces) {
        const { firstRow, rows } = piece;
        this.#gpu.write(this.#view(kind, slot, piece), data.subarray(firstRow * width, (firstRow + rows) * width));
      }
    }
    this.#gpu.submit();
  }

  /** Reads one flat copy back: one transfer a page, then the tensors in order of their names. */
  async *read(
    kind: FlatKind = 'values',
  ): AsyncGenerator<Pick<TensorShape, 'name' | 'shape'> & { readonly data: Float32Array }> {
    const pages = await Promise.all(this.pages(kind).map((page) => this.#gpu.read(page)));
    for (const { name, shape, pieces } of this.layout.slots.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      const width = rowLength(shape);
      const parts = pieces.map(({ page, offset, rows }) =>
        pages[page]!.subarray(offset / 4, offset / 4 + rows * width),
      );
      yield { name, shape, data: parts.length === 1 ? parts[0]! : joined(parts) };
    }
  }

  /** Records filling the gradients with zeros. */
  clearGradients(): void {
    for (const page of this.pages('gradients')) this.#gpu.clear(page);
  }

  free(): void {
    for (const pages of this.#flat.values()) for (const page of pages) this.#gpu.free(page);
    this.#flat.clear();
  }
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
