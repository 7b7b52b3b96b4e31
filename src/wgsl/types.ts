/** The types of WGSL, and where their parts lie in memory (WGSL, "Memory Layout"). Equal types are one object. */

type ScalarName = 'f32' | 'i32' | 'u32' | 'bool' | 'abstract-int' | 'abstract-float';

export interface ScalarType {
  readonly kind: 'scalar';
  readonly name: ScalarName;
}

export interface VectorType {
  readonly kind: 'vector';
  readonly size: number;
  readonly element: ScalarType;
  readonly name: string;
}

export interface MatrixType {
  readonly kind: 'matrix';
  readonly columns: number;
  /** The type of a column. */
  readonly column: VectorType;
  readonly name: string;
}

export interface ArrayType {
  readonly kind: 'array';
  readonly element: Type;
  /** Undefined = as many as the binding holds. */
  readonly count: number | undefined;
  readonly name: string;
}

interface AtomicType {
  readonly kind: 'atomic';
  readonly element: ScalarType;
  readonly name: string;
}

export interface StructType {
  readonly kind: 'struct';
  readonly name: string;
  readonly members: readonly Member[];
  readonly size: number;
  readonly align: number;
}

interface Member {
  readonly name: string;
  readonly type: Type;
  /** Bytes from the start of the struct. */
  readonly offset: number;
}

export interface PointerType {
  readonly kind: 'pointer';
  readonly to: Type;
  readonly name: string;
}

export type Type = ScalarType | VectorType | MatrixType | ArrayType | AtomicType | StructType | PointerType;

const scalar = (name: ScalarName): ScalarType => ({ kind: 'scalar', name });
export const f32 = scalar('f32');
export const i32 = scalar('i32');
export const u32 = scalar('u32');
export const bool = scalar('bool');
export const abstractInt = scalar('abstract-int');
export const abstractFloat = scalar('abstract-float');
export const scalars: Readonly<Record<string, ScalarType>> = { f32, i32, u32, bool };

const made = new Map<string, Type>();

function once<T extends Type>(type: T & { readonly name: string }): T {
  const known = made.get(type.name);
  if (known !== undefined) return known as T;
  made.set(type.name, type);
  return type;
}

export const vectorType = (size: number, element: ScalarType): VectorType =>
  once({ kind: 'vector', size, element, name: `vec${size}<${element.name}>` });

export const matrixType = (columns: number, rows: number): MatrixType =>
  once({ kind: 'matrix', columns, column: vectorType(rows, f32), name: `mat${columns}x${rows}` });

export const arrayType = (element: Type, count: number | undefined): ArrayType => ({
  kind: 'array',
  element,
  count,
  name: `array<${element.name}, ${count ?? ''}>`,
});

export const isAbstract = (type: Type): boolean => type === abstractInt || type === abstractFloat;

const alignUp = (bytes: number, align: number): number => Math.ceil(bytes / align) * align;

export function alignOf(type: Type): number {
  switch (type.kind) {
    case 'vector':
      return type.size === 2 ? 8 : 16;
    case 'matrix':
      return alignOf(type.column);
    case 'array':
      return alignOf(type.element);
    case 'struct':
      return type.align;
    default:
      return 4;
  }
}

/** Bytes; 0 for an array that takes as many elements as there are. */
export function sizeOf(type: Type): number {
  switch (type.kind) {
    case 'vector':
      return type.size * 4;
    case 'matrix':
      return type.columns * strideOf(type.column);
    case 'array':
      return (type.count ?? 0) * strideOf(type.element);
    case 'struct':
      return type.size;
    default:
      return 4;
  }
}

/** Bytes from an element of an array of these, or from a column of a matrix, to the next. */
export const strideOf = (element: Type): number => alignUp(sizeOf(element), alignOf(element));

export function structType(name: string, members: readonly { name: string; type: Type }[]): StructType {
  let end = 0;
  let align = 4;
  const placed = members.map((member) => {
    const offset = alignUp(end, alignOf(member.type));
    align = Math.max(align, alignOf(member.type));
    end = offset + sizeOf(member.type);
    return { ...member, offset };
  });
  return { kind: 'struct', name, members: placed, size: alignUp(end, align), align };
}
