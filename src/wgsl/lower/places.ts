/** Where values can be read and written: variables in WebAssembly's locals, and memory. */

import type { Builder } from '../ir/builder.ts';
import type { Local, Node } from '../ir/graph.ts';
import { constantLinear, type Integers } from '../ir/integers.ts';
import type { ScalarType, Type } from '../types.ts';
import type { Memory } from './memory.ts';
import { assembled, partsOf } from './parts.ts';
import type { Locals, Place, ScalarValue, Value, VectorValue } from './value-types.ts';
import {
  constantScalar,
  converted,
  lanesOf,
  scalarOf,
  unsupported,
  type Values,
  vectorOf,
  wasmType,
} from './values.ts';

export class Places {
  readonly #code: Builder;
  readonly #integers: Integers;
  readonly #values: Values;
  readonly #memory: Memory;

  constructor(code: Builder, integers: Integers, values: Values, memory: Memory) {
    this.#code = code;
    this.#integers = integers;
    this.#values = values;
    this.#memory = memory;
  }

  /** A variable of a type without arrays. */
  variable(type: Type): Place {
    return { kind: 'local', type, locals: this.#localsFor(type) };
  }

  read(place: Place): Value {
    if (place.kind === 'local') return this.#readLocals(place.type, place.locals);
    if (place.kind === 'component') return this.element(this.read(place.of), place.index);
    return this.#memory.read(place);
  }

  write(place: Place, given: Value): void {
    const value = converted(given, place.type);
    if (place.kind === 'local') this.#writeLocals(place.locals, value);
    else if (place.kind === 'component') this.#writeComponent(place.of, place.index, value as ScalarValue);
    else this.#memory.write(place, value);
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
    if (place.kind === 'memory') return this.#memory.moved(place, member.type, constantLinear(member.offset));
    if (place.kind === 'local') return { kind: 'local', type: member.type, locals: partOf(place.locals, index) };
    return unsupported(`.${name} of a component`);
  }

  /** The element of an array, column of a matrix or component of a vector. */
  at(place: Place, index: ScalarValue): Place {
    if (place.kind === 'memory') return this.#memory.element(place, index);
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
      node = this.#code.pure(op, [node, this.#values.lane(scalar)], 'v128', [i]);
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
    for (const [index, part] of partsOf(value, this.#values).entries()) this.#writeLocals(locals[index]!, part);
  }
}

const scalarInt = { kind: 'scalar', name: 'u32' } as const;

const isLocal = (locals: Locals): locals is Local => 'id' in locals;
const partOf = (locals: Locals, index: number): Locals =>
  isLocal(locals) ? unsupported('a part of a register') : (locals[index] ?? unsupported(`part ${index}`));
