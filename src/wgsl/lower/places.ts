/** Where values can be read and written: variables in WebAssembly's locals, and memory. */
import type { Builder } from '../ir/builder.ts';
import type { Local, Node } from '../ir/graph.ts';
import { constantLinear, type Integers, type Linear, scaled, sum } from '../ir/integers.ts';
import {
  type ArrayType,
  bool,
  type MatrixType,
  type ScalarType,
  type StructType,
  sizeOf,
  strideOf,
  type Type,
  type VectorType,
} from '../types.ts';
import {
  type ArrayValue,
  constantScalar,
  converted,
  lanesOf,
  type ScalarValue,
  scalarOf,
  unsupported,
  type Value,
  type Values,
  type VectorValue,
  vectorOf,
  wasmType,
} from './values.ts';

/** A variable's locals, in the shape of its type. */
export type Locals = Local | readonly Locals[];

export type Place =
  | { readonly kind: 'local'; readonly type: Type; readonly locals: Locals }
  | MemoryPlace
  /** One component of a vector of four in a local. */
  | { readonly kind: 'component'; readonly type: ScalarType; readonly of: Place; readonly index: ScalarValue };

export interface MemoryPlace {
  readonly kind: 'memory';
  readonly type: Type;
  readonly base: Node;
  readonly offset: Linear;
  /** Nothing writes there while the function runs. */
  readonly constant: boolean;
  /** Other threads write there too: atomics are real. */
  readonly shared: boolean;
  /** The binding, for a build that checks accesses. */
  readonly binding: Binding | undefined;
}

export interface Binding {
  readonly index: number;
  /** Bytes, as a node. */
  readonly size: Node;
}

/** Told of every index into memory by a build that checks them. `limit`: the number of elements. */
export type CheckIndex = (index: Node, limit: Node, binding: Binding | undefined) => void;

export class Places {
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

  /** A variable of a type without arrays. */
  variable(type: Type): Place {
    return { kind: 'local', type, locals: this.#localsFor(type) };
  }

  read(place: Place): Value {
    if (place.kind === 'local') return this.#readLocals(place.type, place.locals);
    if (place.kind === 'component') return this.element(this.read(place.of), place.index);
    return this.#readMemory(place);
  }

  write(place: Place, given: Value): void {
    const value = converted(given, place.type);
    if (place.kind === 'local') this.#writeLocals(place.locals, value);
    else if (place.kind === 'component') this.#writeComponent(place.of, place.index, value as ScalarValue);
    else this.#writeMemory(place, value);
  }

  member(place: Place, name: string): Place {
    const { type } = place;
    if (type.kind === 'vector' && name.length === 1) {
      const index = 'xyzw'.indexOf(name);
      return this.at(place, constantScalar(scalarInt, index < 0 ? 'rgba'.indexOf(name) : index));
    }
    if (type.kind !== 'struct') return unsupported(`.${name} of ${type.name} as a place`);
    const index = type.members.findIndex((member) => member.name === name);
    const member = type.members[index] ?? unsupported(`.${name} of ${type.name}`);
    if (place.kind === 'memory') return this.#moved(place, member.type, constantLinear(member.offset));
    if (place.kind === 'local') return { kind: 'local', type: member.type, locals: partOf(place.locals, index) };
    return unsupported(`.${name} of a component`);
  }

  /** The element of an array, column of a matrix or component of a vector. */
  at(place: Place, index: ScalarValue): Place {
    if (place.kind === 'memory') return this.#elementInMemory(place, index);
    const { type } = place;
    if (place.kind === 'local' && index.constant !== undefined) {
      if (type.kind === 'matrix') {
        return { kind: 'local', type: type.column, locals: partOf(place.locals, index.constant) };
      }
      if (type.kind === 'vector' && type.size !== 4) {
        return { kind: 'local', type: type.element, locals: partOf(place.locals, index.constant) };
      }
    }
    if (type.kind === 'vector' && type.size === 4) return { kind: 'component', type: type.element, of: place, index };
    return unsupported(`an index into ${type.name} that is computed, as a place`);
  }

  /** An element of a value: of an array in memory, a column, a component. */
  element(value: Value, index: ScalarValue): Value {
    if (value.kind === 'array' && value.place !== undefined) return this.read(this.at(value.place, index));
    if (index.constant !== undefined) {
      if (value.kind === 'vector') return this.#values.element(value, index.constant);
      if (value.kind === 'matrix') return value.columns[index.constant] ?? unsupported(`column ${index.constant}`);
      if (value.kind === 'array') return value.elements?.[index.constant] ?? unsupported(`element ${index.constant}`);
    }
    return this.#selected(value, index);
  }

  /** Fills it with zeros, which are zero in every type. */
  clear(place: MemoryPlace): void {
    const { address, offset } = this.address(place);
    const start = this.#integers.compute('add', address, this.#code.int(offset));
    this.#code.do('memory.fill', [start, this.#code.int(0), this.#code.int(sizeOf(place.type))]);
  }

  address({ base, offset }: MemoryPlace): { address: Node; offset: number } {
    return this.#integers.address(base, offset);
  }

  /** A computed index into a value that is in registers: a chain of choices. */
  #selected(value: Value, index: ScalarValue): Value {
    const count = value.kind === 'vector' ? value.type.size : value.kind === 'matrix' ? value.columns.length : 0;
    if (count === 0) return unsupported(`a computed index into ${value.type.name}`);
    const wanted = this.#values.scalar(index);
    const choose = (a: Node, b: Node, condition: Node, op: string): Node =>
      op === 'v128'
        ? this.#code.pure('v128.bitselect', [a, b, this.#mask(condition)], 'v128')
        : this.#code.pure('select', [a, b, condition], a.type);
    const at = (i: number): Value => this.element(value, constantScalar(scalarInt, i));
    let result = at(0);
    for (let i = 1; i < count; i++) {
      const isIt = this.#code.pure('i32.eq', [wanted, this.#code.int(i)], 'i32');
      const other = at(i);
      if (result.kind === 'scalar' && other.kind === 'scalar') {
        const node = choose(this.#values.scalar(other), this.#values.scalar(result), isIt, 'scalar');
        result = scalarOf(result.type, node);
      } else if (result.kind === 'vector' && other.kind === 'vector' && result.type.size === 4) {
        const node = choose(this.#values.vector(other), this.#values.vector(result), isIt, 'v128');
        result = vectorOf(result.type.element, node);
      } else {
        return unsupported(`a computed index into ${value.type.name}`);
      }
    }
    return result;
  }

  #mask(condition: Node): Node {
    return this.#code.pure('i32x4.splat', [this.#integers.compute('sub', this.#code.int(0), condition)], 'v128');
  }

  #writeComponent(of: Place, index: ScalarValue, value: ScalarValue): void {
    const old = this.read(of) as VectorValue;
    const { element } = old.type;
    const elements = Array.from({ length: 4 }, (_, i) => {
      if (index.constant !== undefined) return i === index.constant ? value : undefined;
      const isIt = this.#code.pure('i32.eq', [this.#values.scalar(index), this.#code.int(i)], 'i32');
      const chosen = [this.#values.scalar(value), this.#values.scalar(this.#values.element(old, i)), isIt];
      return scalarOf(element, this.#code.pure('select', chosen, wasmType(element)));
    });
    let node = this.#values.vector(old);
    for (const [i, scalar] of elements.entries()) {
      if (scalar === undefined) continue;
      const op = `${lanesOf(element)}.replace_lane`;
      node = this.#code.pure(op, [node, this.#values.scalar(scalar)], 'v128', [i]);
    }
    this.write(of, vectorOf(element, node));
  }

  #localsFor(type: Type): Locals {
    switch (type.kind) {
      case 'scalar':
        return this.#code.local(wasmType(type));
      case 'vector':
        if (type.size === 4) return this.#code.local('v128');
        return Array.from({ length: type.size }, () => this.#code.local(wasmType(type.element)));
      case 'matrix':
        return Array.from({ length: type.columns }, () => this.#localsFor(type.column));
      case 'struct':
        return type.members.map((member) => this.#localsFor(member.type));
      default:
        return unsupported(`a variable of ${type.name} in registers`);
    }
  }

  #readLocals(type: Type, locals: Locals): Value {
    if (isLocal(locals)) {
      const node = this.#code.get(locals);
      return type.kind === 'vector' ? vectorOf(type.element, node) : scalarOf(type as ScalarType, node);
    }
    return assembled(type, (part, index) => this.#readLocals(part, locals[index]!));
  }

  #writeLocals(locals: Locals, value: Value): void {
    if (isLocal(locals)) {
      const isVector = value.kind === 'vector';
      this.#code.set(locals, isVector ? this.#values.vector(value) : this.#values.scalar(value as ScalarValue));
      return;
    }
    for (const [index, part] of this.#partsOf(value).entries()) this.#writeLocals(locals[index]!, part);
  }

  #partsOf(value: Value): readonly Value[] {
    if (value.kind === 'vector') return this.#values.elements(value);
    if (value.kind === 'matrix') return value.columns;
    if (value.kind === 'struct') return value.members;
    return unsupported(`parts of ${value.type.name}`);
  }

  #moved(place: MemoryPlace, type: Type, by: Linear): MemoryPlace {
    return { ...place, type, offset: sum(place.offset, by) };
  }

  #elementInMemory(place: MemoryPlace, index: ScalarValue): MemoryPlace {
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
    return this.#moved(place, element, scaled(this.#integers.linear(node), stride));
  }

  #checkIndex({ binding }: MemoryPlace, index: Node, count: number | undefined, stride: number): void {
    if (this.#check === undefined) return;
    const limit =
      count !== undefined
        ? this.#code.int(count)
        : this.#integers.compute('div_u', binding!.size, this.#code.int(stride));
    this.#check(index, limit, binding);
  }

  #readMemory(place: MemoryPlace): Value {
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
    return assembled(type, (part, _, offset) => this.#readMemory(this.#moved(place, part, constantLinear(offset))));
  }

  #writeMemory(place: MemoryPlace, value: Value): void {
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
      const parts = this.#partsOf(value);
      for (const [index, { type: part, offset }] of partsOfType(type).entries()) {
        this.#writeMemory(this.#moved(place, part, constantLinear(offset)), parts[index]!);
      }
    }
  }

  #writeArray(place: MemoryPlace, value: ArrayValue, type: ArrayType): void {
    if (value.place === undefined && value.elements !== undefined && isZero(value)) {
      this.clear(place);
      return;
    }
    const stride = strideOf(type.element);
    for (let i = 0; i < (type.count ?? 0); i++) {
      const element = this.element(value, constantScalar(scalarInt, i));
      this.#writeMemory(this.#moved(place, type.element, constantLinear(i * stride)), element);
    }
  }
}

const scalarInt = { kind: 'scalar', name: 'u32' } as const;

const isLocal = (locals: Locals): locals is Local => 'id' in locals;
const partOf = (locals: Locals, index: number): Locals =>
  isLocal(locals) ? unsupported('a part of a register') : (locals[index] ?? unsupported(`part ${index}`));

function isZero(value: Value): boolean {
  if (value.kind === 'scalar') return value.constant !== undefined && Object.is(value.constant, 0);
  if (value.kind === 'vector')
    return value.splat !== undefined ? isZero(value.splat) : (value.elements?.every(isZero) ?? false);
  if (value.kind === 'matrix') return value.columns.every(isZero);
  if (value.kind === 'struct') return value.members.every(isZero);
  return value.kind === 'array' && value.place === undefined && (value.elements?.every(isZero) ?? false);
}

/** The parts of a type that is more than one register, and where they lie. */
function partsOfType(type: Type): readonly { readonly type: Type; readonly offset: number }[] {
  if (type.kind === 'vector') return same(type.size, type.element, 4);
  if (type.kind === 'matrix') return same(type.columns, type.column, strideOf(type.column));
  if (type.kind === 'struct') return type.members;
  return unsupported(`parts of ${type.name}`);
}

const same = (count: number, type: Type, stride: number) =>
  Array.from({ length: count }, (_, index) => ({ type, offset: index * stride }));

function assembled(type: Type, part: (type: Type, index: number, offset: number) => Value): Value {
  const parts = partsOfType(type).map((each, index) => part(each.type, index, each.offset));
  if (type.kind === 'vector') return { kind: 'vector', type: type as VectorType, elements: parts as ScalarValue[] };
  if (type.kind === 'matrix') return { kind: 'matrix', type: type as MatrixType, columns: parts as VectorValue[] };
  return { kind: 'struct', type: type as StructType, members: parts };
}
