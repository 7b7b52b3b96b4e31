/** Value constructors, conversions between types, and bitcast. */

import { type Builder, bitsOf } from '../ir/builder.ts';
import { abstractFloat, bool, f32, i32, isAbstract, type ScalarType, type Type, u32, vectorType } from '../types.ts';
import type { Choices } from './choices.ts';
import type { MatrixValue, ScalarValue, Value, VectorValue } from './value-types.ts';
import {
  concrete,
  constantScalar,
  converted,
  scalarOf,
  splatOf,
  unsupported,
  type Values,
  vectorFrom,
  vectorOf,
  zeroOf,
} from './values.ts';

export class Conversions {
  readonly #code: Builder;
  readonly #values: Values;
  readonly #choices: Choices;

  constructor(code: Builder, values: Values, choices: Choices) {
    this.#code = code;
    this.#values = values;
    this.#choices = choices;
  }

  construct(type: Type, operands: readonly Value[]): Value {
    const [first] = operands;
    if (first === undefined) return zeroOf(type);
    switch (type.kind) {
      case 'scalar':
        return this.#toScalar(first as ScalarValue, type);
      case 'vector':
        return this.#vector(type.size, type.element, operands);
      case 'matrix':
        return this.#matrix(type, operands);
      case 'struct':
        return { kind: 'struct', type, members: type.members.map((m, i) => converted(operands[i]!, m.type)) };
      case 'array':
        return { kind: 'array', type, elements: operands.map((operand) => converted(operand, type.element)) };
      default:
        return unsupported(`a value of ${type.name}`);
    }
  }

  bitcast(given: Value, type: Type): Value {
    const value = concrete(given);
    if (value.kind === 'scalar' && type.kind === 'scalar') return this.#scalarBits(value, type);
    if (value.kind !== 'vector' || type.kind !== 'vector') {
      return unsupported(`bitcast of ${value.type.name} to ${type.name}`);
    }
    const { element } = type;
    if (value.splat !== undefined) return splatOf(type.size, this.#scalarBits(value.splat, element));
    if (type.size === 4) return vectorOf(element, this.#values.vector(value));
    const elements = this.#values.elements(value).map((each) => this.#scalarBits(each, element));
    return vectorFrom(element, elements);
  }

  #vector(size: number, element: ScalarType, operands: readonly Value[]): Value {
    const [first] = operands as readonly [Value];
    if (operands.length === 1 && first.kind === 'scalar') {
      return splatOf(size, isAbstract(first.type) ? (converted(first, element) as ScalarValue) : first);
    }
    if (operands.length === 1 && first.kind === 'vector') return this.#convertVector(first, element);
    const elements = operands.flatMap((operand): readonly ScalarValue[] => {
      if (operand.kind === 'scalar') return [operand];
      return operand.kind === 'vector'
        ? this.#values.elements(operand)
        : unsupported(`a vector of ${operand.type.name}`);
    });
    if (elements.length !== size) return unsupported(`a vector of ${size} from ${elements.length} components`);
    return vectorFrom(
      element,
      elements.map((each) => converted(each, element) as ScalarValue),
    );
  }

  #matrix(type: MatrixValue['type'], operands: readonly Value[]): Value {
    const [first] = operands as readonly [Value];
    if (first.kind === 'matrix') return first;
    if (first.kind === 'vector')
      return { kind: 'matrix', type, columns: operands.map((each) => converted(each, type.column) as VectorValue) };
    const rows = type.column.size;
    const columns = Array.from({ length: type.columns }, (_, i) => {
      const column = operands.slice(i * rows, (i + 1) * rows).map((each) => converted(each, f32) as ScalarValue);
      return vectorFrom(f32, column);
    });
    return { kind: 'matrix', type, columns };
  }

  #convertVector(value: VectorValue, to: ScalarType): Value {
    const from = value.type.element;
    if (from === to) return value;
    if (value.splat !== undefined) return splatOf(value.type.size, this.#toScalar(value.splat, to));
    if (value.node === undefined || to === bool) {
      const elements = this.#values.elements(value).map((element) => this.#toScalar(element, to));
      return vectorFrom(to, elements);
    }
    if (from === bool) {
      const [no, yes] = [0, 1].map((constant) => splatOf(4, constantScalar(to, constant)));
      return this.#choices.select(no!, yes!, value);
    }
    const sign = from === i32 || to === i32 ? 's' : 'u';
    if (to === f32) return vectorOf(f32, this.#code.pure(`f32x4.convert_i32x4_${sign}`, [value.node], 'v128'));
    if (from === f32) return vectorOf(to, this.#code.pure(`i32x4.trunc_sat_f32x4_${sign}`, [value.node], 'v128'));
    return { kind: 'vector', type: vectorType(4, to), node: value.node };
  }

  #toScalar(value: ScalarValue, to: ScalarType): ScalarValue {
    const { type: from, constant } = value;
    if (from === to) return value;
    if (constant !== undefined) return constantScalar(to, convertedConstant(constant, from, to));
    const node = this.#values.scalar(value);
    if (to === f32) {
      return scalarOf(f32, this.#code.pure(`f32.convert_i32_${from === i32 ? 's' : 'u'}`, [node], 'f32'));
    }
    if (to === bool) {
      const zero = from === f32 ? this.#code.float(0) : this.#code.int(0);
      return scalarOf(bool, this.#code.pure(from === f32 ? 'f32.ne' : 'i32.ne', [node, zero], 'i32'));
    }
    if (from !== f32) return scalarOf(to, node);
    return scalarOf(to, this.#code.pure(`i32.trunc_sat_f32_${to === i32 ? 's' : 'u'}`, [node], 'i32'));
  }

  #scalarBits(value: ScalarValue, to: ScalarType): ScalarValue {
    const { type: from, constant } = value;
    if (from === to) return value;
    if (from !== f32 && to !== f32) {
      return constant === undefined
        ? scalarOf(to, value.node)
        : constantScalar(to, to === u32 ? constant : constant | 0);
    }
    if (from === f32) {
      if (constant !== undefined) return constantScalar(to, to === u32 ? bitsOf(constant) : bitsOf(constant) | 0);
      return scalarOf(to, this.#code.pure('i32.reinterpret_f32', [this.#values.scalar(value)], 'i32'));
    }
    return scalarOf(f32, this.#code.pure('f32.reinterpret_i32', [this.#values.scalar(value)], 'f32'));
  }
}

/** Floats are cut towards zero and clamped, as WGSL says. */
function convertedConstant(value: number, from: ScalarType, to: ScalarType): number {
  if (to === bool) return value === 0 ? 0 : 1;
  if (to === f32 || to === abstractFloat) return value;
  const whole = Math.trunc(value);
  const isInteger = from !== f32 && from !== abstractFloat;
  if (to === u32) return isInteger ? whole >>> 0 : Math.min(Math.max(whole, 0), 2 ** 32 - 1);
  return isInteger ? whole | 0 : Math.min(Math.max(whole, -(2 ** 31)), 2 ** 31 - 1);
}
