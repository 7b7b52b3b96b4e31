/** select, min and max. */

import type { Builder } from '../ir/builder.ts';
import { bool, f32, i32 } from '../types.ts';
import type { Operators } from './operators.ts';
import type { ScalarValue, Value, VectorValue } from './value-types.ts';
import {
  concrete,
  constantScalar,
  isNumeric,
  isSame,
  scalarOf,
  splatOf,
  unsupported,
  type Values,
  vectorFrom,
  vectorOf,
  wasmType,
} from './values.ts';

export class Choices {
  readonly #code: Builder;
  readonly #values: Values;
  readonly #operators: Operators;

  constructor(code: Builder, values: Values, operators: Operators) {
    this.#code = code;
    this.#values = values;
    this.#operators = operators;
  }

  /** `yes` where the condition holds, of one bool or component by component. */
  select(no: Value, yes: Value, condition: Value): Value {
    if (condition.kind === 'scalar' && condition.constant !== undefined) {
      const both = isNumeric(no) && isNumeric(yes) ? this.#operators.unified(no, yes) : [no, yes];
      return both[condition.constant !== 0 ? 1 : 0]!;
    }
    if (no.kind !== 'vector' || yes.kind !== 'vector') {
      if (no.kind !== 'scalar' || yes.kind !== 'scalar' || condition.kind !== 'scalar') {
        return unsupported(`select of ${no.type.name}`);
      }
      return this.#scalar(...(this.#same(no, yes) as [ScalarValue, ScalarValue]), condition);
    }
    const [a, b] = this.#same(no, yes) as [VectorValue, VectorValue];
    const { size, element } = a.type;
    if (size !== 4) {
      const conditions = condition.kind === 'vector' ? this.#values.elements(condition) : undefined;
      const others = this.#values.elements(b);
      const elements = this.#values
        .elements(a)
        .map((each, i) => this.#scalar(each, others[i]!, conditions?.[i] ?? (condition as ScalarValue)));
      return vectorFrom(element, elements);
    }
    const mask = condition.kind === 'vector' ? condition : splatOf(4, condition as ScalarValue);
    const operands = [this.#values.vector(b), this.#values.vector(a), this.#values.vector(mask)];
    return vectorOf(element, this.#code.pure('v128.bitselect', operands, 'v128'));
  }

  /** min(a, b) is b where b < a, else a; max(a, b) is b where a < b, else a. So a NaN in `a` stays. */
  extreme(which: 'min' | 'max', left: Value, right: Value): Value {
    if (!isNumeric(left) || !isNumeric(right)) return unsupported(`${which} of ${left.type.name}`);
    if (
      left.kind === 'scalar' &&
      right.kind === 'scalar' &&
      left.constant !== undefined &&
      right.constant !== undefined
    ) {
      const [a, b] = this.#operators.unified(left, right) as [ScalarValue, ScalarValue];
      return constantScalar(a.type, Math[which](a.constant!, b.constant!));
    }
    const [a, b] = this.#same(left, right) as [ScalarValue | VectorValue, ScalarValue | VectorValue];
    if (a.kind === 'scalar' && b.kind === 'scalar') return this.#extremeScalar(which, a, b);
    const size = a.kind === 'vector' ? a.type.size : (b as VectorValue).type.size;
    const [x, y] = [a, b].map((each) => (each.kind === 'vector' ? each : splatOf(size, each))) as [
      VectorValue,
      VectorValue,
    ];
    const { element } = x.type;
    if (size !== 4) {
      const others = this.#values.elements(y);
      const elements = this.#values.elements(x).map((each, i) => this.#extremeScalar(which, each, others[i]!));
      return vectorFrom(element, elements);
    }
    const op = element === f32 ? `f32x4.p${which}` : `i32x4.${which}${element === i32 ? '_s' : '_u'}`;
    return vectorOf(element, this.#code.pure(op, [this.#values.vector(x), this.#values.vector(y)], 'v128'));
  }

  /** Whether any or all components hold. */
  holds(which: 'any' | 'all', value: Value): Value {
    if (value.kind === 'scalar') return value;
    if (value.kind !== 'vector') return unsupported(`${which} of ${value.type.name}`);
    if (value.type.size === 4) {
      const op = which === 'any' ? 'v128.any_true' : 'i32x4.all_true';
      return scalarOf(bool, this.#code.pure(op, [this.#values.vector(value)], 'i32'));
    }
    const operator = which === 'any' ? '|' : '&';
    return this.#values.elements(value).reduce((a, b) => this.#operators.scalars(operator, a, b));
  }

  #scalar(no: ScalarValue, yes: ScalarValue, condition: ScalarValue): ScalarValue {
    if (condition.constant !== undefined) return condition.constant !== 0 ? yes : no;
    if (isSame(no, yes)) return yes;
    const operands = [this.#values.scalar(yes), this.#values.scalar(no), this.#values.scalar(condition)];
    return scalarOf(yes.type, this.#code.pure('select', operands, wasmType(yes.type)));
  }

  #extremeScalar(which: 'min' | 'max', a: ScalarValue, b: ScalarValue): ScalarValue {
    const [low, high] = which === 'min' ? [b, a] : [a, b];
    return this.#scalar(a, b, this.#operators.scalars('<', low, high));
  }

  /** Both concrete and in one element type. */
  #same(left: Value, right: Value): Value[] {
    if (!isNumeric(left) || !isNumeric(right)) return unsupported(`${left.type.name} beside ${right.type.name}`);
    return this.#operators.unified(left, right).map(concrete);
  }
}
