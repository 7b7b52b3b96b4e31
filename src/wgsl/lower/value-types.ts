/**
 * Values while a function is compiled, and where they can be read and written. A scalar is a constant or an i32 or f32
 * of WebAssembly; a vector of four is a v128, or still four scalars, or four times one scalar, until an instruction
 * needs it; a shorter vector is its scalars; matrices, structs and arrays are their parts.
 */
import type { Local, Node } from '../ir/graph.ts';
import type { Linear } from '../ir/integers.ts';
import type { ArrayType, MatrixType, PointerType, ScalarType, StructType, Type, VectorType } from '../types.ts';

/** `constant` of a bool is 0 or 1. */
export type ScalarValue =
  | { readonly kind: 'scalar'; readonly type: ScalarType; readonly constant: number; readonly node?: undefined }
  | { readonly kind: 'scalar'; readonly type: ScalarType; readonly constant?: undefined; readonly node: Node };

export interface VectorValue {
  readonly kind: 'vector';
  readonly type: VectorType;
  /** At least one of the three is set; `node` only for vectors of four. */
  readonly elements?: readonly ScalarValue[] | undefined;
  readonly splat?: ScalarValue | undefined;
  readonly node?: Node | undefined;
}

export interface MatrixValue {
  readonly kind: 'matrix';
  readonly type: MatrixType;
  readonly columns: readonly VectorValue[];
}

interface StructValue {
  readonly kind: 'struct';
  readonly type: StructType;
  readonly members: readonly Value[];
}

/** An array that stands in memory, or its elements. */
export interface ArrayValue {
  readonly kind: 'array';
  readonly type: ArrayType;
  readonly place?: Place | undefined;
  readonly elements?: readonly Value[] | undefined;
}

export interface PointerValue {
  readonly kind: 'pointer';
  readonly type: PointerType;
  readonly place: Place;
}

export type Value = ScalarValue | VectorValue | MatrixValue | StructValue | ArrayValue | PointerValue;

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
