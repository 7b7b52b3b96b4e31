/** The built-in functions of WGSL that kernels call, by name: from the values of their operands to the result. */

import type { Builder } from '../ir/builder.ts';
import { abstractFloat, f32, type ScalarType, u32 } from '../types.ts';
import type { Choices } from './choices.ts';
import type { Conversions } from './conversions.ts';
import { bytesOfLanes, type Operators } from './operators.ts';
import type { MatrixValue, ScalarValue, Value, VectorValue } from './value-types.ts';
import {
  concrete,
  constantScalar,
  converted,
  scalarOf,
  splatOf,
  unsupported,
  type Values,
  vectorFrom,
  vectorOf,
} from './values.ts';

/** What the functions are made of. `math` runs a function of math.wgsl on an f32 or a vector of four. */
export interface Tools {
  readonly code: Builder;
  readonly values: Values;
  readonly operators: Operators;
  readonly choices: Choices;
  readonly conversions: Conversions;
  math(name: string, operand: ScalarValue | VectorValue): Value;
}

type Builtin = (tools: Tools, operands: readonly Value[]) => Value;

/** An instruction of WebAssembly on f32, and on four at once. */
const instruction =
  (name: string): Builtin =>
  ({ code, values }, [operand]) =>
    mapFloats(operand!, {
      scalar: (x) => scalarOf(f32, code.pure(`f32.${name}`, [values.scalar(x)], 'f32')),
      four: (x) => vectorOf(f32, code.pure(`f32x4.${name}`, [values.vector(x)], 'v128')),
      elements: (x) => values.elements(x),
    });

/** A function of math.wgsl. */
const math =
  (name: string): Builtin =>
  (tools, [operand]) =>
    mapFloats(operand!, {
      scalar: (x) => tools.math(name, x) as ScalarValue,
      four: (x) => tools.math(name, x) as VectorValue,
      elements: (x) => tools.values.elements(x),
    });

interface FloatMaps {
  scalar(x: ScalarValue): ScalarValue;
  four(x: VectorValue): VectorValue;
  elements(x: VectorValue): readonly ScalarValue[];
}

function mapFloats(given: Value, { scalar, four, elements }: FloatMaps): Value {
  const value = toFloats(given);
  if (value.kind === 'scalar') return scalar(value);
  if (value.splat !== undefined && value.type.size === 4) return splatOf(4, scalar(value.splat));
  if (value.type.size === 4) return four(value);
  return vectorFrom(f32, elements(value).map(scalar));
}

function toFloats(given: Value): ScalarValue | VectorValue {
  if (given.kind === 'scalar') {
    return given.constant === undefined ? given : (converted(given, f32) as ScalarValue);
  }
  return given.kind === 'vector' ? (concrete(given) as VectorValue) : unsupported(`a function of ${given.type.name}`);
}

const one = constantScalar(abstractFloat, 1);

const abs: Builtin = (tools, [operand]) => {
  const value = concrete(operand!);
  const element = value.kind === 'vector' ? value.type.element : value.type;
  if (element === u32) return value;
  if (element === f32) return instruction('abs')(tools, [value]);
  return tools.choices.extreme('max', value, tools.operators.negated(value));
};

const transpose: Builtin = ({ code, values }, [operand]) => {
  const matrix = operand as MatrixValue;
  if (matrix.type.columns !== 4 || matrix.type.column.size !== 4) unsupported(`transpose of ${matrix.type.name}`);
  const [a, b, c, d] = matrix.columns.map((column) => values.vector(column));
  const mix = (x: typeof a, y: typeof a, lanes: readonly number[]) =>
    code.pure('i8x16.shuffle', [x!, y!], 'v128', bytesOfLanes(lanes));
  const [low, high] = [
    [0, 4, 1, 5],
    [2, 6, 3, 7],
  ].map((lanes) => [mix(a, b, lanes), mix(c, d, lanes)]);
  const columns = [
    mix(low![0], low![1], [0, 1, 4, 5]),
    mix(low![0], low![1], [2, 3, 6, 7]),
    mix(high![0], high![1], [0, 1, 4, 5]),
    mix(high![0], high![1], [2, 3, 6, 7]),
  ].map((node) => vectorOf(f32, node));
  return { kind: 'matrix', type: matrix.type, columns };
};

/** A function of single integers. */
const bits =
  (compute: (tools: Tools, node: Value) => ScalarValue): Builtin =>
  (tools, [operand]) => {
    const value = concrete(operand!);
    if (value.kind !== 'vector') return compute(tools, value);
    return vectorFrom(
      value.type.element,
      tools.values.elements(value).map((element) => compute(tools, element)),
    );
  };

const countBits = (op: string): Builtin =>
  bits(({ code, values }, value) =>
    scalarOf(value.type as ScalarType, code.pure(op, [values.scalar(value as ScalarValue)], 'i32')),
  );

export const builtins: Readonly<Record<string, Builtin>> = {
  select: ({ choices }, [no, yes, condition]) => choices.select(no!, yes!, condition!),
  min: ({ choices }, [a, b]) => choices.extreme('min', a!, b!),
  max: ({ choices }, [a, b]) => choices.extreme('max', a!, b!),
  clamp: ({ choices }, [x, low, high]) => choices.extreme('min', choices.extreme('max', x!, low!), high!),
  any: ({ choices }, [value]) => choices.holds('any', value!),
  all: ({ choices }, [value]) => choices.holds('all', value!),
  abs,
  transpose,
  dot: ({ operators }, [a, b]) => operators.dot(a as VectorValue, b as VectorValue),
  sqrt: instruction('sqrt'),
  floor: instruction('floor'),
  ceil: instruction('ceil'),
  trunc: instruction('trunc'),
  round: instruction('nearest'),
  exp: math('exp'),
  log: math('log'),
  tanh: math('tanh'),
  sin: math('sin'),
  cos: math('cos'),
  inverseSqrt: (tools, [x]) => tools.operators.binary('/', one, instruction('sqrt')(tools, [x!])),
  fma: ({ operators }, [a, b, c]) => operators.binary('+', operators.binary('*', a!, b!), c!),
  countLeadingZeros: countBits('i32.clz'),
  countTrailingZeros: countBits('i32.ctz'),
  countOneBits: countBits('i32.popcnt'),
};

export const atomicOperations: Readonly<Record<string, string>> = {
  atomicAdd: 'add',
  atomicSub: 'sub',
  atomicAnd: 'and',
  atomicOr: 'or',
  atomicXor: 'xor',
  atomicExchange: 'xchg',
};
