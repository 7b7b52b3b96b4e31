/**
 * The parameters of a model on the device, as flat buffers laid out by parameter-layout.ts: values, and while training
 * gradients and AdamW's two moments of what is not frozen.
 */
import { elementCount, type Gpu, type Tensor } from '../device/types.ts';
import { invariant, TandemError } from '../errors.ts';
import { packColumns, packedSize } from '../kernels/matmul-packed.ts';
import {
  type GroupOf,
  layoutParameters,
  type ParameterLayout,
  type Piece,
  rowLength,
  type Slot,
} from './parameter-layout.ts';
import type { TensorShape, TensorSource } from './types.ts';

/** One parameter: a view of the flat values and, while training, of the flat gradients. */
export interface Parameter {
  readonly name: string;
  readonly value: Tensor;
  /** Whether it is being trained. */
  readonly tracked: boolean;
  /** Throws when it is not being trained. */
  readonly gradient: Tensor;
  /** The matrix as products read it that pack their operands; undefined where products pack it as they go. */
  readonly packed: (() => Tensor | undefined) | undefined;
}

/** Rows of a parameter that is used in parts. */
export interface ParameterPart extends Parameter {
  /** Where its rows begin in the whole. */
  readonly firstRow: number;
}

/** The kinds of flat copies; m and v are AdamW's moments. */
export type FlatKind = 'values' | 'gradients' | 'm' | 'v';

/** Models of at most this part of the device's memory keep their matrices packed besides. */
const packedPart = 1 / 4;

/** Whether a model whose values do not change may hold up to twice its `bytes`: its matrices once more, packed. */
export const keepsPacked = ({ traits, mostMemory }: Pick<Gpu, 'traits' | 'mostMemory'>, bytes: number): boolean =>
  traits.packs && bytes <= packedPart * mostMemory;

/** A page of each flat copy, for the optimizer. */
export interface TrainedPage extends Readonly<Record<FlatKind, Tensor>> {
  /** Its number in the layout. */
  readonly page: number;
  readonly group: number;
}

interface ParametersOptions {
  readonly training: boolean;
  /** Absent = all parameters are in one group. */
  readonly groupOf?: GroupOf | undefined;
  readonly pageBytes?: number;
}

export class Parameters {
  readonly layout: ParameterLayout;
  readonly #gpu: Gpu;
  /** Of a page that is frozen there are only the values. */
  readonly #flat = new Map<FlatKind, (Tensor | undefined)[]>();
  readonly #slots: ReadonlyMap<string, Slot>;
  /** Packed matrices by name; undefined where values change, where the device does not pack, or of large models. */
  readonly #packed: Map<string, Tensor> | undefined;

  /** Allocates the values (zero-filled) and, for training, gradients and moments. */
  constructor(
    gpu: Gpu,
    tensors: readonly TensorShape[],
    { training, groupOf, pageBytes = gpu.largestBinding }: ParametersOptions,
  ) {
    this.#gpu = gpu;
    this.layout = layoutParameters(tensors, pageBytes, groupOf);
    this.#slots = new Map(this.layout.slots.map((slot) => [slot.name, slot]));
    this.#packed = !training && keepsPacked(gpu, this.layout.bytes) ? new Map() : undefined;
    const kinds: FlatKind[] = training ? ['values', 'gradients', 'm', 'v'] : ['values'];
    for (const kind of kinds) {
      this.#flat.set(
        kind,
        this.layout.pages.map(({ bytes, group }, index) =>
          kind === 'values' || group !== null ? gpu.allocate(`parameters.${kind}.${index}`, [bytes / 4]) : undefined,
        ),
      );
    }
  }

  /** Bytes held on the device. */
  get bytes(): number {
    const packed = [...(this.#packed?.values() ?? [])].reduce((sum, { shape }) => sum + 4 * elementCount(shape), 0);
    return this.layout.bytes + this.layout.trained.bytes * (this.#flat.size - 1) + packed;
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

  /** A parameter that is used whole. */
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
    return slot.pieces.map((piece) => {
      const label = slot.pieces.length === 1 ? name : `${name}[${piece.firstRow}]`;
      const value = view('values', piece);
      return {
        name: label,
        firstRow: piece.firstRow,
        value,
        tracked: this.#flat.get('gradients')?.[piece.page] !== undefined,
        get gradient() {
          return view('gradients', piece);
        },
        packed: this.#packed && (() => this.#pack(label, value)),
      };
    });
  }

  /** The pages of one flat copy, whole. */
  pages(kind: FlatKind): readonly Tensor[] {
    return this.#pages(kind).filter((page) => page !== undefined);
  }

  /** The pages that are trained, with all their copies. */
  trainedPages(): TrainedPage[] {
    const copies = (page: number) => ({
      values: this.#page('values', page),
      gradients: this.#page('gradients', page),
      m: this.#page('m', page),
      v: this.#page('v', page),
    });
    return this.layout.pages.flatMap(({ group }, page) => (group === null ? [] : [{ page, group, ...copies(page) }]));
  }

  /** The tensors of which there is such a copy: values of all, other kinds of those that are trained. */
  slots(kind: FlatKind): readonly Slot[] {
    const pages = this.#pages(kind);
    return this.layout.slots.filter(({ pieces }) => pages[pieces[0]!.page] !== undefined);
  }

  #pages(kind: FlatKind): readonly (Tensor | undefined)[] {
    const pages = this.#flat.get(kind);
    invariant(pages !== undefined, `The parameters hold no ${kind}: the model is not being trained`);
    return pages;
  }

  #page(kind: FlatKind, index: number): Tensor {
    const page = this.#pages(kind)[index];
    invariant(page !== undefined, `Page ${index} of the parameters holds no ${kind}: it is frozen`);
    return page;
  }

  #view(kind: FlatKind, { name, shape: [, ...rest] }: Slot, { page: index, offset, rows }: Piece): Tensor {
    return this.#gpu.view(this.#page(kind, index), offset / 4, [rows, ...rest], name);
  }

  /** Packs a matrix at its first use and keeps it; undefined where the device has no room for that. */
  #pack(name: string, value: Tensor): Tensor | undefined {
    const known = this.#packed?.get(name);
    if (known) return known;
    const [n, k] = value.shape as [number, number];
    try {
      const packed = this.#gpu.allocate(`${name}.packed`, [packedSize(n, k)]);
      this.#packed?.set(name, packed);
      packColumns(this.#gpu, { b: value, packed });
      return packed;
    } catch (error) {
      if (error instanceof TandemError && error.code === 'LIMIT_EXCEEDED') return undefined;
      throw error;
    }
  }

  /** Fills one flat copy from a source, tensor by tensor. `prefix` is put before the names. */
  async load(source: TensorSource, kind: FlatKind = 'values', prefix = ''): Promise<void> {
    this.#freePacked();
    for (const slot of this.slots(kind)) {
      const data = await source.read(prefix + slot.name, slot.shape);
      const width = rowLength(slot.shape);
      for (const piece of slot.pieces) {
        const { firstRow, rows } = piece;
        this.#gpu.write(this.#view(kind, slot, piece), data.subarray(firstRow * width, (firstRow + rows) * width));
      }
    }
    this.#gpu.submit();
  }

  /** Reads one flat copy back: one transfer per page, then the tensors in order of their names. */
  async *read(
    kind: FlatKind = 'values',
  ): AsyncGenerator<Pick<TensorShape, 'name' | 'shape'> & { readonly data: Float32Array }> {
    const pages = await Promise.all(this.#pages(kind).map((page) => page && this.#gpu.read(page)));
    for (const { name, shape, pieces } of this.slots(kind).toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
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
    for (const pages of this.#flat.values()) for (const page of pages) if (page) this.#gpu.free(page);
    this.#flat.clear();
    this.#freePacked();
  }

  #freePacked(): void {
    for (const packed of this.#packed?.values() ?? []) this.#gpu.free(packed);
    this.#packed?.clear();
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
