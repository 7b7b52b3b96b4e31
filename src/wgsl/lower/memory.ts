/** Values in memory: bindings, and what a thread keeps outside of registers. */
import type { Builder } from '../ir/builder.ts';
import type { Node } from '../ir/graph.ts';
import { constantLinear, type Integers, type Linear, scaled, sum } from '../ir/integers.ts';
import { type ArrayType, bool, sizeOf, strideOf, type Type, u32 } from '../types.ts';
import { assembled, partsOf, partsOfType } from './parts.ts';
import type { ArrayValue, Binding, MemoryPlace, ScalarValue, Value } from './value-types.ts';
import { constantScalar, scalarOf, unsupported, type Values, vectorOf, wasmType } from './values.ts';

/** Told of every index into memory by a build that checks them. `limit`: the number of elements. */
export type CheckIndex = (index: Node, limit: Node, binding: Binding | undefined) => void;

export class Memory {
  readonly #code: Builder;
  readonly #integers: Integers;
  readonly #values: Values;
  readonly #check: CheckIndex | undefined;

  constructor(code: Builder, integers: Integers, values: Values, check: CheckIndex | undefined) {
    this.#code = code;
    this.#integers = integers;
    this.#values = values;
    this.#check = check;
  }

  address({ base, offset }: MemoryPlace): { address: Node; offset: number } {
    return this.#integers.address(base, offset);
  }

  /** Fills it with zeros, which are zero in every type. */
  clear(place: MemoryPlace): void {
    const { address, offset } = this.address(place);
    const start = this.#integers.compute('add', address, this.#code.int(offset));
    this.#code.do('memory.fill', [start, this.#code.int(0), this.#code.int(sizeOf(place.type))]);
  }

  /** Another place, so many bytes behind. */
  moved(place: MemoryPlace, type: Type, by: Linear): MemoryPlace {
    return { ...place, type, offset: sum(place.offset, by) };
  }

  /** The element of an array, column of a matrix or component of a vector. */
  element(place: MemoryPlace, index: ScalarValue): MemoryPlace {
    const { type } = place;
    const element =
      type.kind === 'array' || type.kind === 'vector'
        ? type.element
        : type.kind === 'matrix'
          ? type.column
          : unsupported(`an index into ${type.name}`);
    const stride = strideOf(element);
    const node = this.#values.scalar(index);
    if (type.kind === 'array') this.#checkIndex(place, node, type.count, stride);
    return this.moved(place, element, scaled(this.#integers.linear(node), stride));
  }

  #checkIndex({ binding }: MemoryPlace, index: Node, count: number | undefined, stride: number): void {
    if (this.#check === undefined) return;
    const limit =
      count !== undefined
        ? this.#code.int(count)
        : this.#integers.compute('div_u', binding!.size, this.#code.int(stride));
    this.#check(index, limit, binding);
  }

  read(place: MemoryPlace): Value {
    const { type, constant } = place;
    if (type.kind === 'array') return { kind: 'array', type, place };
    if (type.kind === 'scalar') {
      const { address, offset } = this.address(place);
      const wasm = wasmType(type);
      return scalarOf(type, this.#code.load(`${wasm}.load`, wasm, address, offset, constant));
    }
    if (type.kind === 'vector' && type.size === 4) {
      const { address, offset } = this.address(place);
      return vectorOf(type.element, this.#code.load('v128.load', 'v128', address, offset, constant));
    }
    return assembled(type, (part, _, offset) => this.read(this.moved(place, part, constantLinear(offset))));
  }

  write(place: MemoryPlace, value: Value): void {
    const { type } = place;
    if (value.kind === 'array') {
      this.#writeArray(place, value, type as ArrayType);
    } else if (value.kind === 'scalar') {
      const { address, offset } = this.address(place);
      this.#code.do(`${wasmType(value.type)}.store`, [address, this.#values.scalar(value)], [offset]);
    } else if (value.kind === 'vector' && value.type.size === 4) {
      if (value.type.element === bool) unsupported('a vector of bool in memory');
      const { address, offset } = this.address(place);
      this.#code.do('v128.store', [address, this.#values.vector(value)], [offset]);
    } else {
      const parts = partsOf(value, this.#values);
      for (const [index, { type: part, offset }] of partsOfType(type).entries()) {
        this.write(this.moved(place, part, constantLinear(offset)), parts[index]!);
      }
    }
  }

  #elementOf({ place, elements }: ArrayValue, i: number): Value {
    if (place !== undefined) return this.read(this.element(place as MemoryPlace, constantScalar(u32, i)));
    return elements?.[i] ?? unsupported(`element ${i}`);
  }

  #writeArray(place: MemoryPlace, value: ArrayValue, type: ArrayType): void {
    if (value.place === undefined && value.elements !== undefined && isZero(value)) {
      this.clear(place);
      return;
    }
    const stride = strideOf(type.element);
    for (let i = 0; i < (type.count ?? 0); i++) {
      const element = this.#elementOf(value, i);
      this.write(this.moved(place, type.element, constantLinear(i * stride)), element);
    }
  }
}

function isZero(value: Value): boolean {
  if (value.kind === 'scalar') return value.constant !== undefined && Object.is(value.constant, 0);
  if (value.kind === 'vector')
    return value.splat !== undefined ? isZero(value.splat) : (value.elements?.every(isZero) ?? false);
  if (value.kind === 'matrix') return value.columns.every(isZero);
  if (value.kind === 'struct') return value.members.every(isZero);
  return value.kind === 'array' && value.place === undefined && (value.elements?.every(isZero) ?? false);
}
