/** Statements: control flow, declarations and assignments. */

import { WgslError } from '../errors.ts';
import type { Region } from '../ir/graph.ts';
import type { Declaration, Expression, Statement } from '../syntax/ast.ts';
import type { Type } from '../types.ts';
import { assignedLocals } from './assigned.ts';
import type { Expressions, Machinery } from './expressions.ts';
import type { Frame } from './frame.ts';
import { Scope } from './scopes.ts';
import type { Place, Value } from './value-types.ts';
import { concrete, converted, Unsupported, unsupported, zeroOf } from './values.ts';

/** Makes room in memory for a variable with arrays. */
export type Room = (type: Type) => Place;

type Of<K extends Statement['kind']> = Extract<Statement, { kind: K }>;

export class Statements {
  readonly #machinery: Machinery;
  readonly #expressions: Expressions;
  readonly #room: Room;

  constructor(machinery: Machinery, expressions: Expressions, room: Room) {
    this.#machinery = machinery;
    this.#expressions = expressions;
    this.#room = room;
  }

  /** In a scope of its own. Returns true where the end is never reached. */
  block(statements: readonly Statement[], frame: Frame): boolean {
    return this.run(statements, { ...frame, scope: new Scope(frame.scope) });
  }

  /** In the frame's own scope. */
  run(statements: readonly Statement[], frame: Frame): boolean {
    return statements.some((statement) => this.#statement(statement, frame));
  }

  #statement(statement: Statement, frame: Frame): boolean {
    try {
      return this.#lower(statement, frame);
    } catch (error) {
      if (error instanceof Unsupported) throw new WgslError(`${error.message} is not supported`, statement.line);
      throw error;
    }
  }

  #lower(statement: Statement, frame: Frame): boolean {
    switch (statement.kind) {
      case 'const':
      case 'let':
        this.#name(statement, frame);
        return false;
      case 'var':
        this.#variable(statement, frame);
        return false;
      case 'assign':
        this.#assign(statement, frame);
        return false;
      case 'call':
        this.#expressions.call(statement.call, frame);
        return false;
      case 'block':
        return this.block(statement.body, frame);
      case 'if':
        return this.#if(statement, frame);
      case 'loop':
        this.#loop(statement, frame);
        return false;
      case 'switch':
        this.#switch(statement, frame);
        return false;
      case 'return':
        this.#return(statement.value, frame);
        return true;
      case 'break':
        this.#machinery.code.branch(frame.breakTo ?? unsupported('break outside of a loop'));
        return true;
      case 'continue':
        this.#machinery.code.branch(frame.continueTo ?? unsupported('continue outside of a loop'));
        return true;
      case 'override':
        return unsupported('override in a function');
    }
  }

  #name({ kind, name, type, value }: Declaration, frame: Frame): void {
    const given = this.#expressions.value(value!, frame);
    const kept =
      type !== undefined ? converted(given, frame.unit.types.of(type)) : kind === 'let' ? concrete(given) : given;
    frame.scope.define(name, { kind: 'value', value: this.settled(kept) });
  }

  /** A value that later assignments do not change: arrays in memory are copied. */
  settled(value: Value): Value {
    if (!isInMemory(value)) return value;
    const place = this.#room(value.type);
    this.#machinery.places.write(place, value);
    return this.#machinery.places.read(place);
  }

  #variable({ name, type, value }: Declaration, frame: Frame): void {
    const { places } = this.#machinery;
    const given = value === undefined ? undefined : concrete(this.#expressions.value(value, frame));
    const wanted = type === undefined ? given!.type : frame.unit.types.of(type);
    const place = hasArray(wanted) ? this.#room(wanted) : places.variable(wanted);
    places.write(place, given ?? zeroOf(wanted));
    frame.scope.define(name, { kind: 'place', place });
  }

  #assign({ operator, target, value }: Of<'assign'>, frame: Frame): void {
    const { places } = this.#machinery;
    if (target === undefined) {
      this.#expressions.value(value, frame);
      return;
    }
    const place = this.#expressions.place(target, frame) ?? unsupported('an assignment to a value without a place');
    if (place.kind === 'memory' && place.constant) unsupported('an assignment to what is only read');
    const result =
      operator === undefined ? this.#expressions.value(value, frame) : this.#combined(operator, place, value, frame);
    places.write(place, result);
  }

  #combined(operator: NonNullable<Of<'assign'>['operator']>, place: Place, value: Expression, frame: Frame): Value {
    const { operators, places } = this.#machinery;
    const old = places.read(place);
    // Products are chained onto the accumulator: one multiplication and addition each.
    if (operator === '+' && value.kind === 'binary' && value.operator === '*') {
      const [left, right] = [this.#expressions.value(value.left, frame), this.#expressions.value(value.right, frame)];
      return operators.addProduct(old, left, right);
    }
    return operators.binary(operator, old, this.#expressions.value(value, frame));
  }

  #if({ condition, onTrue, onFalse }: Of<'if'>, frame: Frame): boolean {
    const { code, values } = this.#machinery;
    const decided = this.#expressions.scalar(condition, frame);
    if (decided.constant !== undefined) return this.block(decided.constant !== 0 ? onTrue : (onFalse ?? []), frame);
    const changed = assignedLocals([...onTrue, ...(onFalse ?? [])], frame.scope);
    const [first, firstEnds] = this.#branch(onTrue, frame);
    const [second, secondEnds] = onFalse === undefined ? [undefined, false] : this.#branch(onFalse, frame);
    code.if(values.scalar(decided), first, second);
    code.forget(changed);
    return firstEnds && secondEnds;
  }

  #branch(statements: readonly Statement[], frame: Frame): [Region, boolean] {
    const { code } = this.#machinery;
    const region = code.inner('branch');
    let ends = false;
    code.within(region, () => {
      ends = this.block(statements, frame);
    });
    return [region, ends];
  }

  /** The condition stands before the loop and at its end, so that a turn has one branch. */
  #loop({ start, condition, step, body, line }: Of<'loop'>, outer: Frame): void {
    const { code, values } = this.#machinery;
    const frame = { ...outer, scope: new Scope(outer.scope) };
    if (start !== undefined) this.#statement(start, frame);
    const turned: Statement[] = [...body, ...step];
    if (condition !== undefined) turned.push({ kind: 'if', condition, onTrue: [], onFalse: undefined, line });
    const changed = assignedLocals(turned, frame.scope);

    const whole = code.inner('block');
    code.within(whole, () => {
      const first = condition === undefined ? undefined : this.#expressions.scalar(condition, frame);
      if (first?.constant === 0) return;
      if (first?.node !== undefined) code.branch(whole, code.pure('i32.eqz', [first.node], 'i32'));
      code.forget(changed);
      const loop = code.inner('loop', changed);
      code.within(loop, () => {
        const turn = code.inner('block');
        code.within(turn, () => this.block(body, { ...frame, breakTo: whole, continueTo: turn }));
        code.place(turn);
        code.forget(changed);
        this.run(step, frame);
        const again = condition === undefined ? undefined : this.#expressions.scalar(condition, frame);
        if (again?.constant !== 0)
          code.branch(loop, again === undefined || again.constant !== undefined ? undefined : values.scalar(again));
      });
      code.place(loop);
    });
    code.place(whole);
    code.forget(changed);
  }

  #switch({ on, cases }: Of<'switch'>, frame: Frame): void {
    const { code, values, operators } = this.#machinery;
    const selected = this.#expressions.value(on, frame);
    const changed = assignedLocals(
      cases.flatMap(({ body }) => body),
      frame.scope,
    );
    const whole = code.inner('block');
    const inside = { ...frame, breakTo: whole };
    code.within(whole, () => {
      for (const { selectors, body, isDefault } of cases) {
        if (isDefault) continue;
        const conditions = selectors.map((selector) =>
          operators.binary('==', selected, this.#expressions.value(selector, frame)),
        );
        const matches = concrete(conditions.reduce((a, b) => operators.binary('|', a, b)));
        if (matches.kind !== 'scalar') unsupported('a switch over something else than a scalar');
        const branch = code.inner('branch');
        code.within(branch, () => {
          if (!this.block(body, inside)) code.branch(whole);
        });
        code.if(values.scalar(matches), branch, undefined);
        code.forget(changed);
      }
      const fallback = cases.find(({ isDefault }) => isDefault);
      if (fallback !== undefined) this.block(fallback.body, inside);
    });
    code.place(whole);
    code.forget(changed);
  }

  #return(value: Expression | undefined, frame: Frame): void {
    const returnTo = frame.returnTo ?? unsupported('return in this place');
    if (value !== undefined && returnTo.place !== undefined) {
      const result = converted(this.#expressions.value(value, frame), returnTo.type!);
      this.#machinery.places.write(returnTo.place, result);
    }
    this.#machinery.code.branch(returnTo.region);
  }
}

function isInMemory(value: Value): boolean {
  if (value.kind === 'array') return value.place !== undefined || (value.elements ?? []).some(isInMemory);
  return value.kind === 'struct' && value.members.some(isInMemory);
}

function hasArray(type: Type): boolean {
  if (type.kind === 'array') return true;
  return type.kind === 'struct' && type.members.some((member) => hasArray(member.type));
}
