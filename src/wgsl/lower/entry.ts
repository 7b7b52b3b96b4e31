/**
 * A kernel's function: run(command, scratch, first, last) runs the workgroups from `first` up to, not including,
 * `last`, in that order, counted through the grid's rows. A workgroup's invocations run one after the other, so no
 * kernel that is compiled may wait for another at a barrier.
 */

import type { KernelSpec } from '../../device/types.ts';
import { commandLayout } from '../../device/wasm/command-layout.ts';
import type { Builder } from '../ir/builder.ts';
import type { Local, Node, Region } from '../ir/graph.ts';
import { constantLinear, type Integers } from '../ir/integers.ts';
import type { GlobalDeclaration, Module, Parameter } from '../syntax/ast.ts';
import { alignOf, type StructType, sizeOf, type Type, u32 } from '../types.ts';
import type { Expressions, Machinery } from './expressions.ts';
import type { Frame, Unit } from './frame.ts';
import { Scope } from './scopes.ts';
import type { Statements } from './statements.ts';
import type { MemoryPlace, ScalarValue, Value } from './value-types.ts';
import { constantScalar, converted, scalarOf, unsupported, vectorFrom, zeroOf } from './values.ts';

/** Memory of one thread for what kernels keep outside of registers. */
export class Scratch {
  bytes = 0;

  /** The offset of a new range. */
  take(type: Type): number {
    const align = Math.max(16, alignOf(type));
    const offset = Math.ceil(this.bytes / align) * align;
    this.bytes = offset + sizeOf(type);
    return offset;
  }
}

export interface EntryParts {
  readonly code: Builder;
  readonly integers: Integers;
  readonly machinery: Machinery;
  readonly expressions: Expressions;
  readonly statements: Statements;
  readonly scratch: Scratch;
}

export class Entry {
  readonly #parts: EntryParts;
  readonly #spec: KernelSpec;
  readonly #unit: Unit;
  readonly #command: Node;
  readonly #scratch: Node;
  readonly #range: readonly [first: Node, last: Node];
  /** What is zeroed before each workgroup, and set before each invocation. */
  readonly #workgroupVariables: MemoryPlace[] = [];
  readonly #privateVariables: { place: MemoryPlace; value: Value }[] = [];

  constructor(parts: EntryParts, spec: KernelSpec, unit: Unit) {
    this.#parts = parts;
    this.#spec = spec;
    this.#unit = unit;
    const { code } = parts;
    this.#command = code.parameter(0);
    this.#scratch = code.parameter(1);
    this.#range = [code.parameter(2), code.parameter(3)];
  }

  /** A place in this thread's memory. */
  room(type: Type): MemoryPlace {
    return this.#memory(type, this.#scratch, this.#parts.scratch.take(type));
  }

  build(): void {
    for (const declared of this.#unit.module.globals) this.#global(declared);
    this.#workgroups(this.#unit.module);
  }

  #global({ name, kind, space, type, value, attributes }: GlobalDeclaration): void {
    const { expressions } = this.#parts;
    const { globals, types } = this.#unit;
    const frame = this.#frame(globals);
    if (kind === 'const') {
      const given = expressions.value(value!, frame);
      globals.define(name, { kind: 'value', value: type === undefined ? given : converted(given, types.of(type)) });
      return;
    }
    if (kind !== 'var') unsupported(`the global ${kind} ${name}`);
    const declared = types.of(type ?? unsupported(`the variable ${name} without a type`));
    const [where] = space;
    if (where === 'uniform') {
      globals.define(name, { kind: 'value', value: this.#params(declared as StructType) });
    } else if (where === 'storage') {
      const index = Number(expressions.scalar(attributes.get('binding')![0]!, frame).constant) - 1;
      globals.define(name, { kind: 'place', place: this.#binding(declared, index, !space.includes('read_write')) });
    } else {
      const place = this.room(declared);
      globals.define(name, { kind: 'place', place });
      if (where === 'workgroup') this.#workgroupVariables.push(place);
      else this.#privateVariables.push({ place, value: value ? expressions.value(value, frame) : zeroOf(declared) });
    }
  }

  /** All of them, read once; those that nothing uses are left out. */
  #params(type: StructType): Value {
    const { places } = this.#parts.machinery;
    const { params } = commandLayout(this.#spec);
    return places.read({ ...this.#memory(type, this.#command, params * 4), constant: true });
  }

  #binding(type: Type, index: number, constant: boolean): MemoryPlace {
    const word = commandLayout(this.#spec).binding(index);
    const binding = { index, size: this.#wordOfCommand(word + 1) };
    const base = this.#wordOfCommand(word);
    return { kind: 'memory', type, base, offset: constantLinear(0), constant, shared: true, binding };
  }

  #wordOfCommand(word: number): Node {
    return this.#parts.code.load('i32.load', 'i32', this.#command, word * 4, true);
  }

  #memory(type: Type, base: Node, offset: number): MemoryPlace {
    return {
      kind: 'memory',
      type,
      base,
      offset: constantLinear(offset),
      constant: false,
      shared: false,
      binding: undefined,
    };
  }

  #workgroups(module: Module): void {
    const { code, integers } = this.#parts;
    const layout = commandLayout(this.#spec);
    const [width, height] = layout.grid.map((word) => this.#wordOfCommand(word)) as [Node, Node];
    const [first, last] = this.#range;
    const [index, x, y] = [code.local('i32'), code.local('i32'), code.local('i32')];
    code.set(index, first);
    code.set(y, integers.compute('div_u', first, width));
    code.set(x, integers.compute('rem_u', first, width));
    const whole = code.inner('block');
    code.within(whole, () => {
      code.branch(whole, code.pure('i32.ge_u', [first, last], 'i32'));
      const position = [index, x, y];
      code.forget(position);
      const loop = code.inner('loop', new Set(position));
      code.within(loop, () => {
        const group = vectorFrom(u32, [scalarOf(u32, code.get(x)), scalarOf(u32, code.get(y)), constantScalar(u32, 0)]);
        const groups = vectorFrom(u32, [scalarOf(u32, width), scalarOf(u32, height), constantScalar(u32, 1)]);
        for (const place of this.#workgroupVariables) this.#parts.machinery.memory.clear(place);
        this.#lanes(module, { workgroup_id: group, num_workgroups: groups });
        code.forget(position);
        this.#advance([index, x, y], width);
        code.branch(loop, code.pure('i32.lt_u', [code.get(index), last], 'i32'));
      });
      code.place(loop);
    });
    code.place(whole);
  }

  /** To the next workgroup: the next of the row, or the first of the next row. */
  #advance([index, x, y]: readonly [Local, Local, Local], width: Node): void {
    const { code, integers } = this.#parts;
    const one = code.int(1);
    const next = integers.compute('add', code.get(x), one);
    const wraps = code.pure('i32.eq', [next, width], 'i32');
    code.set(x, code.pure('select', [code.int(0), next, wraps], 'i32'));
    code.set(y, integers.compute('add', code.get(y), wraps));
    code.set(index, integers.compute('add', code.get(index), one));
  }

  #lanes(module: Module, ofGroup: Readonly<Record<string, Value>>): void {
    const { code } = this.#parts;
    const lanes = this.#lanesOf(module);
    if (lanes === 1) {
      this.#invocation(module, ofGroup, constantScalar(u32, 0));
      return;
    }
    const lane = code.local('i32');
    code.set(lane, code.int(0));
    code.forget([lane]);
    const loop = code.inner('loop', new Set([lane]));
    code.within(loop, () => {
      this.#invocation(module, ofGroup, scalarOf(u32, code.get(lane)));
      code.forget([lane]);
      const next = this.#parts.integers.compute('add', code.get(lane), code.int(1));
      code.set(lane, next);
      code.branch(loop, code.pure('i32.lt_u', [next, code.int(lanes)], 'i32'));
    });
    code.place(loop);
  }

  #invocation(module: Module, ofGroup: Readonly<Record<string, Value>>, lane: ScalarValue): void {
    const { code, statements, machinery } = this.#parts;
    const main = module.functions.get('main')!;
    const scope = new Scope(this.#unit.globals);
    for (const parameter of main.parameters) {
      scope.define(parameter.name, { kind: 'value', value: this.#builtin(parameter, ofGroup, lane) });
    }
    for (const { place, value } of this.#privateVariables) machinery.places.write(place, value);
    const region: Region = code.inner('block');
    const returnTo = { region, type: undefined, place: undefined };
    code.within(region, () => statements.run(main.body, { ...this.#frame(scope), returnTo }));
    code.place(region);
  }

  #builtin({ name, attributes }: Parameter, ofGroup: Readonly<Record<string, Value>>, lane: ScalarValue): Value {
    const [builtin] = attributes.get('builtin') ?? [];
    const wanted = builtin?.kind === 'name' ? builtin.name : unsupported(`the parameter ${name} of main`);
    if (wanted === 'local_invocation_index') return lane;
    return ofGroup[wanted] ?? unsupported(`@builtin(${wanted})`);
  }

  #lanesOf(module: Module): number {
    const main = module.functions.get('main') ?? unsupported('a module without a function main');
    const [size, ...others] = (main.attributes.get('workgroup_size') ?? []).map(
      (expression) => this.#parts.expressions.scalar(expression, this.#frame(this.#unit.globals)).constant,
    );
    if (size === undefined || others.some((other) => other !== 1)) return unsupported('a workgroup of two dimensions');
    return size;
  }

  #frame(scope: Scope): Frame {
    return { unit: this.#unit, scope, breakTo: undefined, continueTo: undefined, returnTo: undefined };
  }
}
