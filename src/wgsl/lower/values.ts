/** Makes and converts values. */
import type { Builder } from '../ir/builder.ts';
import { bitsOf } from '../ir/builder.ts';
import type { Node, WasmType } from '../ir/graph.ts';
import { abstractFloat, abstractInt, bool, f32, i32, type ScalarType, type Type, u32, vectorType } from '../types.ts';
import type { ScalarValue, Value, VectorValue } from './value-types.ts';

/** What the compiler cannot do; whoever knows the line adds it. */
export class Unsupported extends Error {}

export function unsupported(what: string): never {
  throw new Unsupported(what);
}

export const wasmType = (type: ScalarType): WasmType => (type === f32 ? 'f32' : 'i32');

export const constantScalar = (type: ScalarType, constant: number): ScalarValue => ({
  kind: 'scalar',
  type,
  constant: type === f32 ? Math.fround(constant) : type === u32 ? constant >>> 0 : constant,
});

export const scalarOf = (type: ScalarType, node: Node): ScalarValue => ({ kind: 'scalar', type, node });

export const vectorOf = (element: ScalarType, node: Node): VectorValue => ({
  kind: 'vector',
  type: vectorType(4, element),
  node,
});

export const splatOf = (size: number, scalar: ScalarValue): VectorValue =>
  size === 4
    ? { kind: 'vector', type: vectorType(4, scalar.type), splat: scalar }
    : { kind: 'vector', type: vectorType(size, scalar.type), elements: Array.from({ length: size }, () => scalar) };

export function vectorFrom(element: ScalarType, elements: readonly ScalarValue[]): VectorValue {
  const [first] = elements as readonly [ScalarValue];
  if (elements.length === 4 && elements.every((other) => isSame(first, other))) return splatOf(4, first);
  return { kind: 'vector', type: vectorType(elements.length, element), elements };
}

export const isSame = (a: ScalarValue, b: ScalarValue): boolean =>
  a === b || (a.node !== undefined ? a.node === b.node : b.constant !== undefined && Object.is(a.constant, b.constant));

export const isNumeric = (value: Value): value is ScalarValue | VectorValue =>
  value.kind === 'scalar' || value.kind === 'vector';

/** f32x4 or i32x4: how instructions call the lanes. */
export const lanesOf = (element: ScalarType): 'f32x4' | 'i32x4' => (element === f32 ? 'f32x4' : 'i32x4');

export function zeroOf(type: Type): Value {
  switch (type.kind) {
    case 'scalar':
      return constantScalar(type, 0);
    case 'vector':
      return splatOf(type.size, constantScalar(type.element, 0));
    case 'matrix':
      return {
        kind: 'matrix',
        type,
        columns: Array.from({ length: type.columns }, () => zeroOf(type.column) as VectorValue),
      };
    case 'struct':
      return { kind: 'struct', type, members: type.members.map((member) => zeroOf(member.type)) };
    case 'array':
      return {
        kind: 'array',
        type,
        elements: Array.from({ length: type.count ?? unsupported('a value of an array without a length') }, () =>
          zeroOf(type.element),
        ),
      };
    default:
      return unsupported(`a zero of ${type.name}`);
  }
}

/** Makes nodes of values. */
export class Values {
  readonly #code: Builder;

  constructor(code: Builder) {
    this.#code = code;
  }

  scalar(value: ScalarValue): Node {
    if (value.node !== undefined) return value.node;
    const { type, constant } = value;
    if (type === f32 || type === abstractFloat) return this.#code.float(constant);
    return this.#code.int(constant);
  }

  /** A vector of four as one v128; true in a vector of bools is 32 ones. */
  vector(value: VectorValue): Node {
    if (value.type.size !== 4) unsupported(`a vector of ${value.type.size} as one register`);
    // Not kept in the value: what is made in a branch is not there behind it.
    return value.node ?? this.#joined(value);
  }

  element(value: VectorValue, index: number): ScalarValue {
    const { elements, splat, type } = value;
    if (elements !== undefined) return elements[index] ?? unsupported(`component ${index} of ${type.name}`);
    if (splat !== undefined) return splat;
    const op = `${lanesOf(type.element)}.extract_lane`;
    const node = this.#code.pure(op, [this.vector(value)], wasmType(type.element), [index]);
    if (type.element !== bool) return scalarOf(type.element, node);
    return scalarOf(bool, this.#code.pure('i32.and', [node, this.#code.int(1)], 'i32'));
  }

  elements(value: VectorValue): ScalarValue[] {
    return Array.from({ length: value.type.size }, (_, index) => this.element(value, index));
  }

  /** What a lane of a register holds of a scalar. */
  lane(value: ScalarValue): Node {
    const node = this.scalar(value);
    return value.type === bool ? this.#code.pure('i32.sub', [this.#code.int(0), node], 'i32') : node;
  }

  #joined({ type: { element }, elements, splat }: VectorValue): Node {
    const lanes = lanesOf(element);
    if (splat !== undefined && splat.constant === undefined) {
      return this.#code.splat(`${lanes}.splat`, this.lane(splat));
    }
    const four = elements ?? Array.from({ length: 4 }, () => splat!);
    if (four.every(({ constant }) => constant !== undefined)) {
      return this.#code.words(four.map(({ constant }) => wordOf(element, constant!)));
    }
    let node = this.#code.pure(`${lanes}.splat`, [this.lane(four[0]!)], 'v128');
    for (const [index, scalar] of four.entries()) {
      if (isSame(scalar, four[0]!)) continue;
      node = this.#code.pure(`${lanes}.replace_lane`, [node, this.lane(scalar)], 'v128', [index]);
    }
    return node;
  }
}

const wordOf = (element: ScalarType, constant: number): number =>
  element === f32 ? bitsOf(constant) : element === bool ? -constant : constant;

/** The value of an abstract constant in a concrete type. Other values are returned as they are. */
export function converted(value: Value, to: Type): Value {
  if (value.type === to || value.type.name === to.name) return value;
  if (value.kind === 'scalar' && to.kind === 'scalar' && value.constant !== undefined) {
    const isAllowed =
      value.type === abstractInt || (value.type === abstractFloat && (to === f32 || to === abstractFloat));
    if (isAllowed) return constantScalar(to, value.constant);
  }
  if (value.kind === 'vector' && to.kind === 'vector' && value.type.size === to.size) {
    const convert = (scalar: ScalarValue): ScalarValue => converted(scalar, to.element) as ScalarValue;
    if (value.splat !== undefined) return splatOf(to.size, convert(value.splat));
    if (value.elements !== undefined) return vectorFrom(to.element, value.elements.map(convert));
  }
  return unsupported(`${value.type.name} where ${to.name} is needed`);
}

/** Abstract numbers as i32 and f32. */
export function concrete(value: Value): Value {
  if (value.kind === 'scalar') return converted(value, concreteElement(value.type));
  if (value.kind !== 'vector') return value;
  return converted(value, vectorType(value.type.size, concreteElement(value.type.element)));
}

const concreteElement = (type: ScalarType): ScalarType =>
  type === abstractFloat ? f32 : type === abstractInt ? i32 : type;
