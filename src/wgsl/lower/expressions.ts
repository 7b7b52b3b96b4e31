/** Expressions: to values, and to places where they name one. */

import type { Builder } from '../ir/builder.ts';
import type { Expression, TypeExpression } from '../syntax/ast.ts';
import {
  abstractFloat,
  abstractInt,
  bool,
  f32,
  i32,
  isAbstract,
  type ScalarType,
  type Type,
  u32,
  vectorType,
} from '../types.ts';
import { atomicOperations, builtins, type Tools } from './builtins.ts';
import type { Choices } from './choices.ts';
import type { Conversions } from './conversions.ts';
import type { Frame, Unit } from './frame.ts';
import type { Memory } from './memory.ts';
import type { Operators } from './operators.ts';
import type { Places } from './places.ts';
import type { MemoryPlace, Place, PointerValue, ScalarValue, Value, VectorValue } from './value-types.ts';
import { concrete, constantScalar, converted, scalarOf, unsupported, type Values, vectorFrom } from './values.ts';

/** Everything that makes code of values. */
export interface Machinery extends Tools {
  readonly code: Builder;
  readonly values: Values;
  readonly operators: Operators;
  readonly choices: Choices;
  readonly conversions: Conversions;
  readonly places: Places;
  readonly memory: Memory;
  /** Puts a function's body here. Returns undefined where it has no result. */
  inline(unit: Unit, name: string, operands: readonly Value[]): Value | undefined;
}

const untyped = /^vec([234])$/;

export class Expressions {
  readonly #machinery: Machinery;

  constructor(machinery: Machinery) {
    this.#machinery = machinery;
  }

  value(expression: Expression, frame: Frame): Value {
    const result = this.#evaluate(expression, frame);
    return result ?? unsupported('a call without a result as a value');
  }

  scalar(expression: Expression, frame: Frame): ScalarValue {
    const value = concrete(this.value(expression, frame));
    return value.kind === 'scalar' ? value : unsupported(`${value.type.name} as a scalar`);
  }

  /** For a statement: the result is not needed. */
  call(expression: Expression, frame: Frame): void {
    this.#evaluate(expression, frame);
  }

  /** Undefined if the expression is a value without a place. */
  place(expression: Expression, frame: Frame): Place | undefined {
    const { places } = this.#machinery;
    switch (expression.kind) {
      case 'name': {
        const named = frame.scope.find(expression.name);
        return named?.kind === 'place' ? named.place : undefined;
      }
      case 'unary': {
        if (expression.operator !== '*') return undefined;
        const pointer = this.value(expression.operand, frame);
        return pointer.kind === 'pointer' ? pointer.place : unsupported(`* of ${pointer.type.name}`);
      }
      case 'member': {
        const of = this.place(expression.of, frame);
        const isSwizzle = of?.type.kind === 'vector' && expression.name.length > 1;
        return of === undefined || isSwizzle ? undefined : places.member(of, expression.name);
      }
      case 'index': {
        const of = this.place(expression.of, frame);
        if (of === undefined) return undefined;
        const index = this.scalar(expression.index, frame);
        // A computed index into registers is a choice among values, not a place.
        const isChoice = of.kind === 'local' && index.constant === undefined && of.type.kind === 'matrix';
        return isChoice ? undefined : places.at(of, index);
      }
      default:
        return undefined;
    }
  }

  #evaluate(expression: Expression, frame: Frame): Value | undefined {
    const { operators, places } = this.#machinery;
    switch (expression.kind) {
      case 'number':
        return numberOf(expression.text);
      case 'boolean':
        return constantScalar(bool, expression.value ? 1 : 0);
      case 'name': {
        const named = frame.scope.find(expression.name) ?? unsupported(`the name ${expression.name}`);
        return named.kind === 'value' ? named.value : places.read(named.place);
      }
      case 'unary':
        return this.#unary(expression, frame);
      case 'binary': {
        const { operator, left, right } = expression;
        if (operator === '&&' || operator === '||') return this.#shortCircuit(operator, left, right, frame);
        return operators.binary(operator, this.value(left, frame), this.value(right, frame));
      }
      case 'member': {
        const place = this.place(expression, frame);
        return place === undefined
          ? this.#member(this.value(expression.of, frame), expression.name)
          : places.read(place);
      }
      case 'index': {
        const place = this.place(expression, frame);
        if (place !== undefined) return places.read(place);
        return places.element(this.value(expression.of, frame), this.scalar(expression.index, frame));
      }
      case 'call':
        return this.#call(expression.callee, expression.operands, frame);
    }
  }

  #unary({ operator, operand }: Expression & { kind: 'unary' }, frame: Frame): Value {
    const { operators, places } = this.#machinery;
    if (operator === '&') {
      const place = this.place(operand, frame) ?? unsupported('& of a value without a place');
      return { kind: 'pointer', type: { kind: 'pointer', to: place.type, name: `ptr to ${place.type.name}` }, place };
    }
    if (operator === '*') {
      const pointer = this.value(operand, frame) as PointerValue;
      return places.read(pointer.place);
    }
    const value = this.value(operand, frame);
    return operator === '-' ? operators.negated(value) : operators.inverted(value);
  }

  /** The right side is in a branch of its own where it reads memory or calls a function. */
  #shortCircuit(operator: '&&' | '||', left: Expression, right: Expression, frame: Frame): Value {
    const { code, values, operators } = this.#machinery;
    const first = this.scalar(left, frame);
    if (first.constant !== undefined) {
      return (operator === '&&') === (first.constant !== 0) ? this.scalar(right, frame) : first;
    }
    if (this.#isCheap(right, frame)) {
      return operators.scalars(operator === '&&' ? '&' : '|', first, this.scalar(right, frame));
    }
    const result = code.local('i32');
    code.set(result, first.node);
    const branch = code.inner('branch');
    code.within(branch, () => code.set(result, values.scalar(this.scalar(right, frame))));
    const condition = operator === '&&' ? first.node : code.pure('i32.eqz', [first.node], 'i32');
    code.if(condition, branch, undefined);
    code.forget([result]);
    return scalarOf(bool, code.get(result));
  }

  #isCheap(expression: Expression, frame: Frame): boolean {
    switch (expression.kind) {
      case 'unary':
        return expression.operator !== '*' && this.#isCheap(expression.operand, frame);
      case 'binary':
        return this.#isCheap(expression.left, frame) && this.#isCheap(expression.right, frame);
      case 'member':
        return this.#isCheap(expression.of, frame);
      case 'index':
        return false;
      case 'call': {
        const { name } = expression.callee;
        const isOwn = frame.unit.module.functions.has(name) || name.startsWith('atomic');
        return !isOwn && expression.operands.every((operand) => this.#isCheap(operand, frame));
      }
      default:
        return true;
    }
  }

  #member(value: Value, name: string): Value {
    const { values } = this.#machinery;
    if (value.kind === 'struct') {
      const index = value.type.members.findIndex((member) => member.name === name);
      return value.members[index] ?? unsupported(`.${name} of ${value.type.name}`);
    }
    if (value.kind !== 'vector') return unsupported(`.${name} of ${value.type.name}`);
    const components = [...name].map((letter) => {
      const index = Math.max('xyzw'.indexOf(letter), 'rgba'.indexOf(letter));
      return values.element(value, index < 0 ? unsupported(`.${name}`) : index);
    });
    return components.length === 1 ? components[0]! : vectorFrom(value.type.element, components);
  }

  #call(callee: TypeExpression, operandExpressions: readonly Expression[], frame: Frame): Value | undefined {
    const { conversions, inline } = this.#machinery;
    const { name } = callee;
    const operands = operandExpressions.map((operand) => this.value(operand, frame));
    if (frame.unit.module.functions.has(name)) return inline(frame.unit, name, operands);
    if (name === 'bitcast')
      return conversions.bitcast(operands[0]!, frame.unit.types.of(callee.templates[0] as TypeExpression));
    const type = this.#constructed(callee, operands, frame);
    if (type !== undefined) return conversions.construct(type, operands);
    if (name.startsWith('atomic')) return this.#atomic(name, operands);
    const builtin = builtins[name] ?? unsupported(`the function ${name}`);
    return builtin(this.#machinery, operands);
  }

  #constructed(callee: TypeExpression, operands: readonly Value[], { unit }: Frame): Type | undefined {
    const [, size] = untyped.exec(callee.name) ?? [];
    if (size !== undefined && callee.templates.length === 0) {
      return vectorType(Number(size), commonElement(operands));
    }
    return unit.types.find(callee);
  }

  #atomic(name: string, [pointer, given]: readonly Value[]): Value | undefined {
    const { code, values, operators, places, memory } = this.#machinery;
    const { place } = pointer as PointerValue;
    if (place.kind !== 'memory' || place.type.kind !== 'atomic') return unsupported(`${name} outside of memory`);
    const { element } = place.type;
    const cell: MemoryPlace = { ...place, type: element };
    const value = given === undefined ? undefined : (converted(given, element) as ScalarValue);
    if (place.shared) {
      const { address, offset } = memory.address(cell);
      if (name === 'atomicLoad') return scalarOf(element, code.effect('i32.atomic.load', [address], 'i32', [offset]));
      if (name === 'atomicStore') {
        code.do('i32.atomic.store', [address, values.scalar(value!)], [offset]);
        return undefined;
      }
      const operation = atomicOperations[name] ?? unsupported(name);
      const operands = [address, values.scalar(value!)];
      return scalarOf(element, code.effect(`i32.atomic.rmw.${operation}`, operands, 'i32', [offset]));
    }
    // Only this invocation runs on the memory of its workgroup.
    const old = name === 'atomicStore' ? undefined : (places.read(cell) as ScalarValue);
    if (name === 'atomicLoad') return old;
    const plain = ({ atomicAdd: '+', atomicSub: '-', atomicAnd: '&', atomicOr: '|', atomicXor: '^' } as const)[name];
    if (plain !== undefined) places.write(cell, operators.scalars(plain, old!, value!));
    else if (name === 'atomicStore' || name === 'atomicExchange') places.write(cell, value!);
    else unsupported(name);
    return old;
  }
}

function numberOf(text: string): ScalarValue {
  const [, whole, suffix] = /^(0[xX][0-9a-fA-F]+|\d+)([iu]?)$/.exec(text) ?? [];
  if (whole !== undefined) {
    return constantScalar(suffix === 'u' ? u32 : suffix === 'i' ? i32 : abstractInt, Number(whole));
  }
  return constantScalar(text.endsWith('f') ? f32 : abstractFloat, Number.parseFloat(text));
}

/** The element type of a vector whose type is not written. */
function commonElement(operands: readonly Value[]): ScalarType {
  const elements = operands.map((operand) =>
    operand.kind === 'vector' ? (operand as VectorValue).type.element : (operand.type as ScalarType),
  );
  const typed = elements.find((element) => !isAbstract(element));
  return typed ?? (elements.includes(abstractFloat) ? f32 : i32);
}
