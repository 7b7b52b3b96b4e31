/**
 * The parameters of a model on the device, as flat buffers: values, and while training gradients and AdamW's two moments.
 * Every tensor begins at a multiple of 256 bytes. Where the model is larger than one binding, the flat buffers are split
 * into pages; a tensor never crosses a page.
 */
import { invariant, limitExceeded } from '../errors.ts';
import { elementCount, type Gpu, type Tensor } from '../gpu/types.ts';
import type { TensorShape, TensorSource } from './types.ts';

const alignment = 256;
const bytesOf = (elements: number): number => Math.ceil((elements * 4) / alignment) * alignment;

interface Slot extends TensorShape {
  readonly page: number;
  /** Bytes from the page's start. */
  readonly offset: number;
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

/** Lays tensors out, in their order. Refuses a tensor that is larger than one binding. */
export function layoutParameters(tensors: readonly TensorShape[], bindingBytes: number): ParameterLayout {
  const slots: Slot[] = [];
  const pages: { bytes: number }[] = [];
  for (const { name, shape } of tensors) {
    const bytes = bytesOf(elementCount(shape));
    if (bytes > bindingBytes) refuseTensor(name, bytes, bindingBytes);
    let page = pages[pages.length - 1];
    if (page === undefined || page.bytes + bytes > bindingBytes) {
      page = { bytes: 0 };
      pages.push(page);
    }
    slots.push({ name, shape, page: pages.length - 1, offset: page.bytes });
    page.bytes += bytes;
  }
  return {
    slots,
    pages,
    elements: tensors.reduce((sum, { shape }) => sum + elementCount(shape), 0),
    bytes: pages.reduce((sum, { bytes }) => sum + bytes, 0),
  };
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
    .filter((slot) => slot.page === page && slot.shape.length <= 1)
    .map(({ offset, shape }) => ({ start: offset / 4, length: elementCount(shape) }));

/** One parameter: a view of the flat values and, while training, of the flat gradients. */
export interface Parameter {
  readonly name: string;
  readonly value: Tensor;
  /** Throws when the model is not being trained. */
  readonly gradient: Tensor;
}

/**
 * Rows `from` to `from` + `count` of a matrix, or such elements of a vector, as a parameter of their own: a fused layer's
 * part. The part must begin at a multiple of {@link alignment}; readers of config.json refuse models where it would not.
 */
export function rowsOf(parameter: Parameter, from: number, count: number): Parameter {
  const cut = (whole: Tensor): Tensor => {
    const [, ...rest] = whole.shape;
    return { ...whole, offset: whole.offset + 4 * from * elementCount(rest), shape: [count, ...rest] };
  };
  return {
    name: `${parameter.name}[${from}]`,
    value: cut(parameter.value),
    get gradient() {
      return cut(parameter.gradient);
    },
  };
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
    {
      training,
      pageBytes = bindingLimit(gpu.adapter.limits),
    }: { readonly training: boolean; readonly pageBytes?: number },
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

  get(name: string): Parameter {
    const view = (kind: FlatKind): Tensor => this.view(kind, name);
    return {
      name,
      value: view('values'),
      get gradient() {
        return view('gradients');
      },
    };
  }

  /** The pages of one flat copy, whole. */
  pages(kind: FlatKind): readonly Tensor[] {
    const pages = this.#flat.get(kind);
    invariant(pages !== undefined, `The parameters hold no ${kind}: the model is not being trained`);
    return pages;
  }

  /** One tensor of one flat copy. */
  view(kind: FlatKind, name: string): Tensor {
    const slot = this.#slots.get(name);
    invariant(slot !== undefined, `No parameter is called ${name}`);
    const page = this.pages(kind)[slot.page]!;
    return { label: name, buffer: page.buffer, offset: page.offset + slot.offset, shape: slot.shape, dtype: 'f32' };
  }

  /** Fills one flat copy from a source, tensor by tensor. `prefix` is put before the names. */
  async load(source: TensorSource, kind: FlatKind = 'values', prefix = ''): Promise<void> {
    for (const slot of this.layout.slots) {
      this.#gpu.write(this.view(kind, slot.name), await source.read(prefix + slot.name, slot.shape));
    }
    this.#gpu.submit();
  }

  /** Reads one flat copy back: one transfer a page, then the tensors in order of their names. */
  async *read(kind: FlatKind = 'values'): AsyncGenerator<TensorShape & { readonly data: Float32Array }> {
    const pages = await Promise.all(this.pages(kind).map((page) => this.#gpu.read(page)));
    for (const { name, shape, page, offset } of this.layout.slots.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      const begin = offset / 4;
      yield { name, shape, data: pages[page]!.subarray(begin, begin + elementCount(shape)) };
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

/** Bytes that one binding can hold on a device with these limits. */
export function bindingLimit(limits: Readonly<Record<string, number>>): number {
  const bytes = Math.min(
    limits['maxStorageBufferBindingSize'] ?? 128 * 1024 * 1024,
    limits['maxBufferSize'] ?? 256 * 1024 * 1024,
  );
  return Math.floor(bytes / alignment) * alignment;
}
