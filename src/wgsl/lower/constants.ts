/** Operators on constants. */

import type { Operator } from '../syntax/ast.ts';
import { abstractFloat, abstractInt, bool, f32, i32, type ScalarType, u32 } from '../types.ts';
import type { ScalarValue } from './value-types.ts';
import { constantScalar } from './values.ts';

const comparing: Readonly<Partial<Record<Operator, (x: number, y: number) => boolean>>> = {
  '==': (x, y) => x === y,
  '!=': (x, y) => x !== y,
  '<': (x, y) => x < y,
  '<=': (x, y) => x <= y,
  '>': (x, y) => x > y,
  '>=': (x, y) => x >= y,
};

const withFloats: Readonly<Partial<Record<Operator, (x: number, y: number) => number>>> = {
  '+': (x, y) => x + y,
  '-': (x, y) => x - y,
  '*': (x, y) => x * y,
  '/': (x, y) => x / y,
  '%': (x, y) => x % y,
};

const withIntegers: Readonly<Partial<Record<Operator, (x: bigint, y: bigint) => bigint>>> = {
  '+': (x, y) => x + y,
  '-': (x, y) => x - y,
  '*': (x, y) => x * y,
  '/': (x, y) => (y === 0n ? x : x / y),
  '%': (x, y) => (y === 0n ? 0n : x % y),
  '&': (x, y) => x & y,
  '|': (x, y) => x | y,
  '^': (x, y) => x ^ y,
  '<<': (x, y) => x << (y & 31n),
  '>>': (x, y) => x >> (y & 31n),
};

/** The result, if both are constant. */
export function foldScalars(operator: Operator, a: ScalarValue, b: ScalarValue): ScalarValue | undefined {
  const [x, y, { type }] = [a.constant, b.constant, a];
  if (x === undefined || y === undefined) return undefined;
  const compare = comparing[operator];
  if (compare !== undefined) return constantScalar(bool, compare(x, y) ? 1 : 0);
  if (type === f32 || type === abstractFloat) {
    const result = withFloats[operator]?.(x, y);
    // A NaN has no constant; the instruction makes it.
    return result === undefined || Number.isNaN(result) ? undefined : constantScalar(type, result);
  }
  const result = withIntegers[operator]?.(BigInt(x), BigInt(y));
  return result === undefined ? undefined : constantScalar(type, Number(fitted(type, result)));
}

function fitted(type: ScalarType, value: bigint): bigint {
  if (type === u32) return BigInt.asUintN(32, value);
  if (type === i32) return BigInt.asIntN(32, value);
  return type === abstractInt ? value : BigInt.asUintN(1, value);
}
