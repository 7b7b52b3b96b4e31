/** The parts of what is more than one register. */
import { type MatrixType, type StructType, strideOf, type Type, type VectorType } from '../types.ts';
import type { ScalarValue, Value, VectorValue } from './value-types.ts';
import { unsupported, type Values } from './values.ts';

/** The parts of a type that is more than one register, and where they lie. */
export function partsOfType(type: Type): readonly { readonly type: Type; readonly offset: number }[] {
  if (type.kind === 'vector') return same(type.size, type.element, 4);
  if (type.kind === 'matrix') return same(type.columns, type.column, strideOf(type.column));
  if (type.kind === 'struct') return type.members;
  return unsupported(`parts of ${type.name}`);
}

const same = (count: number, type: Type, stride: number) =>
  Array.from({ length: count }, (_, index) => ({ type, offset: index * stride }));

/** A value of the parts that `part` makes. */
export function assembled(type: Type, part: (type: Type, index: number, offset: number) => Value): Value {
  const parts = partsOfType(type).map((each, index) => part(each.type, index, each.offset));
  if (type.kind === 'vector') return { kind: 'vector', type: type as VectorType, elements: parts as ScalarValue[] };
  if (type.kind === 'matrix') return { kind: 'matrix', type: type as MatrixType, columns: parts as VectorValue[] };
  return { kind: 'struct', type: type as StructType, members: parts };
}

export function partsOf(value: Value, values: Values): readonly Value[] {
  if (value.kind === 'vector') return values.elements(value);
  if (value.kind === 'matrix') return value.columns;
  if (value.kind === 'struct') return value.members;
  return unsupported(`parts of ${value.type.name}`);
}
