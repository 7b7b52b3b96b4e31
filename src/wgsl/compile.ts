/**
 * Compiles a kernel to a WebAssembly module. Build time only: the device loads what this makes (src/device/wasm).
 * WGSL is assumed to be valid, which Dawn proves for every kernel in the tests; what is not supported is an error that
 * names the file and line. Every function is inlined; vectors of four are registers of 128 bits; the invocations of a
 * workgroup run one after the other.
 */

import { shaderSource } from '../device/shader-source.ts';
import type { KernelSpec } from '../device/types.ts';
import { hashOf, type KernelNote } from '../device/wasm/kernel-note.ts';
import { functionCode } from './emit/function.ts';
import { moduleBytes } from './emit/module.ts';
import { WgslError } from './errors.ts';
import { Builder } from './ir/builder.ts';
import type { Node } from './ir/graph.ts';
import { Integers } from './ir/integers.ts';
import { Choices } from './lower/choices.ts';
import { Conversions } from './lower/conversions.ts';
import { Entry, Scratch } from './lower/entry.ts';
import { Expressions, type Machinery } from './lower/expressions.ts';
import type { Unit } from './lower/frame.ts';
import { inlined } from './lower/functions.ts';
import { mathUnits } from './lower/math.ts';
import { Memory } from './lower/memory.ts';
import { Operators } from './lower/operators.ts';
import { Places } from './lower/places.ts';
import { Scope } from './lower/scopes.ts';
import { Statements } from './lower/statements.ts';
import { unitOf } from './lower/unit.ts';
import type { Binding } from './lower/value-types.ts';
import { Unsupported, Values } from './lower/values.ts';
import { parse } from './syntax/parse.ts';

export interface CompileOptions {
  /** Multiply-and-add with one rounding where the machine has it (relaxed SIMD). */
  readonly relaxed?: boolean;
  /** Test every index into memory; what is outside calls the import `outside(binding, index, limit)`. */
  readonly checked?: boolean;
}

export function compileKernel(spec: KernelSpec, options: CompileOptions = {}): Uint8Array<ArrayBuffer> {
  const source = shaderSource(spec);
  try {
    return compileSource(spec, source.code, options);
  } catch (error) {
    if (!(error instanceof WgslError)) throw error;
    const { file, line } = source.locate(error.line);
    throw new Error(`kernel ${spec.name}, ${file}:${line}: ${error.message}`, { cause: error });
  }
}

function compileSource(spec: KernelSpec, source: string, { relaxed = false, checked = false }: CompileOptions) {
  const code = new Builder();
  const integers = new Integers(code);
  const values = new Values(code);
  const operators = new Operators(code, integers, values);
  const choices = new Choices(code, values, operators);
  const conversions = new Conversions(code, values, choices);
  const check = (index: Node, limit: Node, binding: Binding | undefined): void => {
    const branch = code.inner('branch');
    code.within(branch, () => code.do('call', [code.int(binding?.index ?? -1), index, limit], [0]));
    code.if(code.pure('i32.ge_u', [index, limit], 'i32'), branch, undefined);
  };
  const memory = new Memory(code, integers, values, checked ? check : undefined);
  const places = new Places(code, integers, values, memory);
  const scratch = new Scratch();
  const machinery: Machinery = {
    ...{ code, values, operators, choices, conversions, places, memory },
    math: (name, operand) => {
      const unit = mathUnits()[operand.kind === 'scalar' ? 'scalar' : 'four'];
      return machinery.inline(unit, `math_${name}`, [operand])!;
    },
    inline: (unit, name, operands) => inlined(name, operands, unit, { machinery, expressions, statements }),
  };
  const expressions = new Expressions(machinery);
  const statements: Statements = new Statements(machinery, expressions, (type) => entry.room(type));
  const unit: Unit = unitOf(parse(source), new Scope(undefined));
  const entry = new Entry({ code, integers, machinery, expressions, statements, scratch }, spec, unit);
  try {
    entry.build();
  } catch (error) {
    if (error instanceof Unsupported) throw new WgslError(`${error.message} is not supported`, 1);
    throw error;
  }
  const constants = { parameter: 1, offset: Math.ceil(scratch.bytes / 16) * 16 };
  const { body, constantBytes } = functionCode(code, { parameters: 4, relaxed, constants });
  const note: KernelNote = { name: spec.name, hash: hashOf(source), scratch: constants.offset + constantBytes };
  return moduleBytes({ body, parameters: 4, checked, note: { name: 'kernel', text: JSON.stringify(note) } });
}
