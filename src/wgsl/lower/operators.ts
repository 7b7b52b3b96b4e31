/** Unary and binary operators on scalars, vectors and matrices. */

import type { Builder } from '../ir/builder.ts';
import type { IntegerOperation, Integers } from '../ir/integers.ts';
import { type Comparison, comparisons, type Operator } from '../syntax/ast.ts';
import {
  abstractFloat,
  abstractInt,
  bool,
  f32,
  i32,
  isAbstract,
  matrixType,
  type ScalarType,
  u32,
  vectorType,
} from '../types.ts';
import { foldScalars } from './constants.ts';
import type { MatrixValue, ScalarValue, Value, VectorValue } from './value-types.ts';
import {
  concrete,
  constantScalar,
  converted,
  isNumeric,
  lanesOf,
  scalarOf,
  splatOf,
  unsupported,
  type Values,
  vectorFrom,
  vectorOf,
} from './values.ts';

const names: Readonly<Record<Operator, string>> = {
  ...{ '==': 'eq', '!=': 'ne', '<': 'lt', '<=': 'le', '>': 'gt', '>=': 'ge' },
  ...{ '+': 'add', '-': 'sub', '*': 'mul', '/': 'div', '%': 'rem', '&': 'and', '|': 'or', '^': 'xor' },
  ...{ '<<': 'shl', '>>': 'shr' },
};

const isComparison = (operator: Operator): operator is Comparison =>
  (comparisons as readonly string[]).includes(operator);
const isShift = (operator: Operator): boolean => operator === '<<' || operator === '>>';
const isSigned = (type: ScalarType): boolean => type === i32;

export class Operators {
  readonly #code: Builder;
  readonly #integers: Integers;
  readonly #values: Values;

  constructor(code: Builder, integers: Integers, values: Values) {
    this.#code = code;
    this.#integers = integers;
    this.#values = values;
  }

  binary(operator: Operator, left: Value, right: Value): Value {
    if (left.kind === 'matrix' || right.kind === 'matrix') return this.#withMatrix(operator, left, right);
    if (!isNumeric(left) || !isNumeric(right)) return unsupported(`${left.type.name} ${operator} ${right.type.name}`);
    const [a, b] = isShift(operator) ? [concreteShift(left), converted2(right, u32)] : this.unified(left, right);
    if (a.kind === 'scalar' && b.kind === 'scalar') return this.scalars(operator, a, b);
    const size = a.kind === 'vector' ? a.type.size : (b as VectorValue).type.size;
    const [x, y] = [widened(a, size), widened(b, size)];
    return size === 4 ? this.#fours(operator, x, y) : this.#elementwise(operator, x, y);
  }

  /** sum + left * right, in the order that an accumulator of products has. */
  addProduct(sum: Value, left: Value, right: Value): Value {
    if (sum.kind === 'matrix' && left.kind === 'matrix' && right.kind === 'matrix') {
      const columns = right.columns.map((column, i) => this.#matrixByVector(left, column, sum.columns[i]));
      return { kind: 'matrix', type: sum.type, columns };
    }
    return this.binary('+', sum, this.binary('*', left, right));
  }

  /** Both in one element type. */
  unified(left: ScalarValue | VectorValue, right: ScalarValue | VectorValue): (ScalarValue | VectorValue)[] {
    const [a, b] = [elementOf(left), elementOf(right)];
    if (a === b) return [left, right];
    if (isAbstract(a) && !isAbstract(b)) return [converted2(left, b), right];
    if (isAbstract(b) && !isAbstract(a)) return [left, converted2(right, a)];
    if (isAbstract(a) && isAbstract(b)) return [converted2(left, abstractFloat), converted2(right, abstractFloat)];
    return unsupported(`${left.type.name} together with ${right.type.name}`);
  }

  scalars(operator: Operator, a: ScalarValue, b: ScalarValue): ScalarValue {
    const folded = foldScalars(operator, a, b);
    if (folded !== undefined) return folded;
    const { type } = a;
    if (type === f32) return this.#floats(operator, a, b);
    if (isAbstract(type)) return unsupported(`${operator} of abstract numbers that are not constant`);
    const [x, y] = [this.#values.scalar(a), this.#values.scalar(b)];
    const sign = isSigned(type) ? '_s' : '_u';
    if (isComparison(operator)) {
      const suffix = operator === '==' || operator === '!=' ? '' : sign;
      return scalarOf(bool, this.#code.pure(`i32.${names[operator]}${suffix}`, [x, y], 'i32'));
    }
    const suffix = ['/', '%', '>>'].includes(operator) ? sign : '';
    return scalarOf(type, this.#integers.compute(`${names[operator]}${suffix}` as IntegerOperation, x, y));
  }

  negated(value: Value): Value {
    if (value.kind === 'matrix') return mapColumns(value, (column) => this.negated(column) as VectorValue);
    if (!isNumeric(value)) return unsupported(`- of ${value.type.name}`);
    if (value.kind === 'scalar' && value.constant !== undefined) {
      const isInteger = value.type !== f32 && value.type !== abstractFloat;
      return constantScalar(value.type, isInteger ? 0 - value.constant : -value.constant);
    }
    if (value.kind === 'vector' && value.type.size !== 4) return this.#mapElements(value, (x) => this.negated(x));
    if (value.kind === 'vector') {
      if (value.splat !== undefined) return splatOf(4, this.negated(value.splat) as ScalarValue);
      const op = `${lanesOf(value.type.element)}.neg`;
      return vectorOf(value.type.element, this.#code.pure(op, [this.#values.vector(value)], 'v128'));
    }
    const node = this.#values.scalar(value);
    if (value.type === f32) return scalarOf(f32, this.#code.pure('f32.neg', [node], 'f32'));
    return scalarOf(value.type, this.#integers.compute('sub', this.#code.int(0), node));
  }

  /** `!` of bools, `~` of integers. */
  inverted(value: Value): Value {
    if (value.kind === 'vector' && value.type.size === 4) {
      return vectorOf(value.type.element, this.#code.pure('v128.not', [this.#values.vector(value)], 'v128'));
    }
    if (value.kind === 'vector') return this.#mapElements(value, (x) => this.inverted(x));
    if (value.kind !== 'scalar') return unsupported(`! or ~ of ${value.type.name}`);
    const node = this.#values.scalar(concrete(value) as ScalarValue);
    if (value.type === bool) return scalarOf(bool, this.#code.pure('i32.eqz', [node], 'i32'));
    return scalarOf(value.type, this.#integers.compute('xor', node, this.#code.int(-1)));
  }

  dot(left: VectorValue, right: VectorValue): ScalarValue {
    const product = this.binary('*', left, right) as VectorValue;
    if (product.type.size === 4 && product.node !== undefined && product.type.element === f32) {
      // (x + z) + (y + w): two additions of registers instead of three of lanes.
      const { node } = product;
      const swapped = this.#code.pure('i8x16.shuffle', [node, node], 'v128', bytesOfLanes([2, 3, 0, 1]));
      const pairs = this.#code.pure('f32x4.add', [node, swapped], 'v128');
      const lane = (i: number) => this.#code.pure('f32x4.extract_lane', [pairs], 'f32', [i]);
      return scalarOf(f32, this.#code.pure('f32.add', [lane(0), lane(1)], 'f32'));
    }
    return this.#values.elements(product).reduce((sum, element) => this.scalars('+', sum, element));
  }

  #floats(operator: Operator, a: ScalarValue, b: ScalarValue): ScalarValue {
    const [x, y] = [this.#values.scalar(a), this.#values.scalar(b)];
    if (operator === '%') {
      const whole = this.#code.pure('f32.trunc', [this.#code.pure('f32.div', [x, y], 'f32')], 'f32');
      const product = this.#code.pure('f32.mul', [y, whole], 'f32');
      return scalarOf(f32, this.#code.pure('f32.sub', [x, product], 'f32'));
    }
    const op = `f32.${names[operator]}`;
    return isComparison(operator)
      ? scalarOf(bool, this.#code.pure(op, [x, y], 'i32'))
      : scalarOf(f32, this.#code.pure(op, [x, y], 'f32'));
  }

  #fours(operator: Operator, a: VectorValue, b: VectorValue): VectorValue {
    const { element } = a.type;
    if (a.splat !== undefined && b.splat !== undefined) return splatOf(4, this.scalars(operator, a.splat, b.splat));
    const isBitwise = ['&', '|', '^'].includes(operator);
    if (isShift(operator)) return this.#shiftedFours(operator, a, b);
    const isDivision = operator === '%' || (operator === '/' && element !== f32);
    if (isDivision || isAbstract(element)) return this.#elementwise(operator, a, b);
    const [x, y] = [this.#values.vector(a), this.#values.vector(b)];
    if (isBitwise) return vectorOf(element, this.#code.pure(`v128.${names[operator]}`, [x, y], 'v128'));
    if (element === bool) return unsupported(`${operator} of vectors of bool`);
    const needsSign = isComparison(operator) && operator !== '==' && operator !== '!=' && element !== f32;
    const suffix = needsSign ? (isSigned(element) ? '_s' : '_u') : '';
    const node = this.#code.pure(`${lanesOf(element)}.${names[operator]}${suffix}`, [x, y], 'v128');
    return vectorOf(isComparison(operator) ? bool : element, node);
  }

  #shiftedFours(operator: Operator, a: VectorValue, b: VectorValue): VectorValue {
    if (b.splat === undefined) return this.#elementwise(operator, a, b);
    const name = operator === '<<' ? 'shl' : isSigned(a.type.element) ? 'shr_s' : 'shr_u';
    const operands = [this.#values.vector(a), this.#values.scalar(b.splat)];
    return vectorOf(a.type.element, this.#code.pure(`i32x4.${name}`, operands, 'v128'));
  }

  #elementwise(operator: Operator, a: VectorValue, b: VectorValue): VectorValue {
    const right = this.#values.elements(b);
    const elements = this.#values.elements(a).map((x, i) => this.scalars(operator, x, right[i]!));
    return vectorFrom(elements[0]!.type, elements);
  }

  #mapElements(value: VectorValue, map: (element: ScalarValue) => Value): VectorValue {
    const elements = this.#values.elements(value).map((element) => map(element) as ScalarValue);
    return vectorFrom(value.type.element, elements);
  }

  #withMatrix(operator: Operator, left: Value, right: Value): Value {
    if (left.kind === 'matrix' && right.kind === 'matrix') {
      if (operator !== '*') {
        return mapColumns(left, (column, i) => this.binary(operator, column, right.columns[i]!) as VectorValue);
      }
      const columns = right.columns.map((column) => this.#matrixByVector(left, column, undefined));
      return { kind: 'matrix', type: matrixType(right.type.columns, left.type.column.size), columns };
    }
    if (left.kind === 'matrix') {
      if (right.kind === 'vector') return this.#matrixByVector(left, right, undefined);
      return mapColumns(left, (column) => this.binary(operator, column, right) as VectorValue);
    }
    const matrix = right as MatrixValue;
    if (left.kind === 'vector') {
      return vectorFrom(
        f32,
        matrix.columns.map((column) => this.dot(left, column)),
      );
    }
    return mapColumns(matrix, (column) => this.binary(operator, left, column) as VectorValue);
  }

  /** Chains one multiplication and addition a column onto `start`. */
  #matrixByVector(matrix: MatrixValue, vector: VectorValue, start: VectorValue | undefined): VectorValue {
    let sum = start;
    for (const [i, column] of matrix.columns.entries()) {
      const product = this.binary('*', column, this.#lane(vector, i)) as VectorValue;
      sum = sum === undefined ? product : (this.binary('+', sum, product) as VectorValue);
    }
    return sum!;
  }

  /** Component i as a factor: four times in a register, where the vector is one. */
  #lane(vector: VectorValue, i: number): Value {
    if (vector.node === undefined || vector.type.size !== 4) return this.#values.element(vector, i);
    const { node } = vector;
    return vectorOf(f32, this.#code.pure('i8x16.shuffle', [node, node], 'v128', bytesOfLanes([i, i, i, i])));
  }
}

/** The bytes of 32-bit lanes, as a shuffle names them: lanes 0 to 3 are the first operand's, 4 to 7 the second's. */
export const bytesOfLanes = (lanes: readonly number[]): number[] =>
  lanes.flatMap((lane) => [0, 1, 2, 3].map((byte) => lane * 4 + byte));

const elementOf = (value: ScalarValue | VectorValue): ScalarType =>
  value.kind === 'scalar' ? value.type : value.type.element;

/** In another element type. */
function converted2(value: ScalarValue | VectorValue, element: ScalarType): ScalarValue | VectorValue {
  const to = value.kind === 'scalar' ? element : vectorType(value.type.size, element);
  return converted(value, to) as ScalarValue | VectorValue;
}

/** An abstract constant that is shifted is an i32, unless the shift is constant too. */
const concreteShift = (value: ScalarValue | VectorValue): ScalarValue | VectorValue =>
  elementOf(value) === abstractInt && value.kind === 'vector' ? (concrete(value) as VectorValue) : value;

const widened = (value: ScalarValue | VectorValue, size: number): VectorValue =>
  value.kind === 'vector' ? value : splatOf(size, value);

const mapColumns = (matrix: MatrixValue, map: (column: VectorValue, index: number) => VectorValue): MatrixValue => ({
  ...matrix,
  columns: matrix.columns.map(map),
});
