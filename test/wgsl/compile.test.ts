/** WGSL's rules in compiled kernels: integers, NaN, control flow, memory; and what is not supported. */
import { describe, expect, it } from 'vitest';
import { compileKernel } from '../../src/wgsl/compile.ts';
import { mapped, type Program, run, specOf } from './run.ts';

const least = -(2 ** 31);

function integers(expression: string, x: number[], y: number[], element = 'i32'): number[] {
  const make = (list: number[]) => (element.includes('i') ? Int32Array.from(list) : Uint32Array.from(list));
  const out = make(x);
  mapped(expression, make(x), { y: make(y), out, element });
  return [...out];
}

describe('integers', () => {
  it('divide by zero to the dividend, with no remainder, and do not trap', () => {
    expect(integers('x[i] / y[i]', [7, -7, least, least], [0, 2, -1, 0])).toEqual([7, -3, least, least]);
    expect(integers('x[i] % y[i]', [7, -7, least, least], [0, 2, -1, 0])).toEqual([0, -1, 0, 0]);
    expect(integers('x[i] / y[i]', [7, 0xffffffff], [0, 2], 'u32')).toEqual([7, 0x7fffffff]);
    expect(integers('x[i] % y[i]', [7, 0xffffffff], [0, 10], 'u32')).toEqual([0, 5]);
  });

  it('wrap round, shift by five bits, and compare by their sign', () => {
    expect(integers('x[i] * y[i]', [0x10001], [0x10001])).toEqual([0x20001]);
    expect(integers('x[i] - y[i]', [0], [1], 'u32')).toEqual([0xffffffff]);
    expect(integers('(x[i] << u32(y[i])) + (x[i] >> u32(y[i]))', [-8], [33])).toEqual([-16 + -4]);
    expect(integers('x[i] >> y[i]', [0x80000000], [4], 'u32')).toEqual([0x08000000]);
    expect(integers('select(0, 1, x[i] < y[i])', [-1, 1], [1, -1])).toEqual([1, 0]);
    expect(integers('select(0u, 1u, x[i] < y[i])', [0xffffffff, 1], [1, 0xffffffff], 'u32')).toEqual([0, 1]);
    expect(integers('(x[i] & 12u) | (x[i] ^ y[i]) + ~y[i]', [10], [3], 'u32')).toEqual([
      (8 | ((9 + 0xfffffffc) >>> 0)) >>> 0,
    ]);
  });

  it('are the same four at once', () => {
    const [x, y] = [
      [1, -5, least, 9],
      [3, 2, -1, 0],
    ];
    for (const operator of ['+', '-', '*', '/', '%', '&', '|', '^']) {
      expect(integers(`x[i] ${operator} y[i]`, x!, y!, 'vec4i')).toEqual(integers(`x[i] ${operator} y[i]`, x!, y!));
    }
    expect(integers('max(min(x[i], y[i]), vec4i(-3))', x!, y!, 'vec4i')).toEqual([1, -3, -3, 0]);
  });

  it('come from floats cut and clamped', () => {
    const out = new Int32Array(5);
    mapped('i32(x[i])', Float32Array.of(1.9, -1.9, 3e9, -3e9, Number.NaN), { out, to: 'i32' });
    expect([...out]).toEqual([1, -1, 2 ** 31 - 1, least, 0]);
    const unsigned = new Uint32Array(4);
    mapped('vec4u(x[i])', Float32Array.of(1.9, -1, 5e9, 3e9), { out: unsigned, element: 'vec4f', to: 'vec4u' });
    expect([...unsigned]).toEqual([1, 0, 2 ** 32 - 1, 3e9]);
  });
});

describe('floats', () => {
  it.each(['f32', 'vec4f'])('min and max keep a NaN that comes first, on %s', (element) => {
    const [x, y] = [Float32Array.of(Number.NaN, 1, 2, -1), Float32Array.of(1, Number.NaN, 1, 3)];
    const out = new Float32Array(4);
    mapped('min(x[i], y[i])', x, { y, out, element });
    expect([...out]).toEqual([Number.NaN, 1, 1, -1]);
    mapped('max(x[i], y[i])', x, { y, out, element });
    expect([...out]).toEqual([Number.NaN, 1, 2, 3]);
  });

  it('keep their bits through bitcast, and NaN unequal to itself', () => {
    const out = new Uint32Array(4);
    mapped('bitcast<u32>(x[i]) + select(0u, 1u, x[i] != x[i])', Float32Array.of(1, -0, Number.NaN, 2 ** -149), {
      out,
      to: 'u32',
    });
    expect([...out]).toEqual([0x3f800000, 0x80000000, 0x7fc00001, 1]);
  });
});

const program = (body: string, out: Float32Array, options: Partial<Program> = {}): Program => ({
  wgsl: `@group(0) @binding(1) var<storage, read_write> out: array<f32>;\n${body}`,
  bindings: { out: { access: 'write', data: out } },
  ...options,
});

describe('control flow', () => {
  it('loops, leaves, skips, switches and returns early', () => {
    const out = new Float32Array(4);
    const body = `
fn classify(n: u32) -> f32 {
  if (n == 0u) { return 10.0; }
  switch (n) {
    case 1u, 2u: { return 20.0; }
    case 3u: { break; }
    default: { return 40.0; }
  }
  return 30.0;
}
@compute @workgroup_size(4)
fn main(@builtin(local_invocation_index) lane: u32) {
  var sum = 0.0;
  for (var i = 0u; i < 100u; i++) {
    if (i % 2u == 1u) { continue; }
    if (i > lane * 4u) { break; }
    sum += f32(i);
  }
  var left = lane;
  while (left > 0u) { left--; sum += 0.5; }
  loop {
    sum += 100.0;
    if (sum > 150.0) { break; }
    continuing { sum += 1.0; }
  }
  out[lane] = sum + 1000.0 * classify(lane);
}`;
    run(program(body, out));
    const expected = [0, 1, 2, 3].map((lane) => {
      let sum = 0;
      for (let i = 0; i <= lane * 4; i += 2) sum += i;
      sum += lane * 0.5;
      for (;;) {
        sum += 100;
        if (sum > 150) break;
        sum += 1;
      }
      return sum + 1000 * [10, 20, 20, 30][lane]!;
    });
    expect([...out]).toEqual(expected);
  });

  it('changes variables through pointers, in branches and in loops', () => {
    const out = new Float32Array(3);
    const body = `
struct Pair { a: f32, b: vec4f }
fn grow(pair: ptr<function, Pair>, by: f32) { (*pair).a += by; (*pair).b.y = (*pair).a; }
@compute @workgroup_size(3)
fn main(@builtin(local_invocation_index) lane: u32) {
  var pair = Pair(1.0, vec4f());
  var other = pair;
  for (var i = 0u; i < lane; i++) {
    if (i == 1u) { grow(&other, 7.0); } else { grow(&pair, 2.0); }
  }
  out[lane] = pair.a + pair.b.y * 10.0 + other.a * 100.0;
}`;
    run(program(body, out));
    expect([...out]).toEqual([101, 3 + 30 + 100, 3 + 30 + 800]);
  });

  it('evaluates the right side of && and || only where it matters', () => {
    const out = new Float32Array(4);
    const body = `
fn touched(at: u32) -> bool { out[at] += 1.0; return true; }
@compute @workgroup_size(1)
fn main() {
  if (out[0] > 5.0 && touched(0u)) { out[1] = 9.0; }
  if (out[0] < 5.0 || touched(2u)) { out[1] += 1.0; }
  if (out[0] < 5.0 && touched(3u)) { out[1] += 2.0; }
}`;
    run(program(body, out));
    expect([...out]).toEqual([0, 3, 0, 1]);
  });

  it('gives every workgroup its indices, and memory that is zero', () => {
    const out = new Float32Array(6);
    const body = `
var<workgroup> seen: array<f32, 2>;
@compute @workgroup_size(2)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  out[group.x * 2u + lane] = seen[lane] + f32(group.x * 10u + groups.x);
  seen[lane] = 100.0;
}`;
    run(program(body, out, { groups: 3 }));
    expect([...out]).toEqual([3, 3, 13, 13, 23, 23]);
  });
});

describe('vectors and matrices', () => {
  it('multiply by columns, transpose, and take computed indices', () => {
    const out = new Float32Array(8);
    const body = `
@compute @workgroup_size(1)
fn main() {
  let m = mat4x4f(vec4f(1.0, 2.0, 3.0, 4.0), vec4f(5.0, 6.0, 7.0, 8.0), vec4f(0.5), vec4f(0.0, 1.0, 0.0, 1.0));
  let v = m * vec4f(1.0, 10.0, 100.0, 1000.0);
  let w = transpose(m) * vec4f(1.0, 0.0, 0.0, 1.0);
  var picked = vec4f();
  for (var i = 0u; i < 4u; i++) { picked[i] = m[i][3u - i]; }
  out[0] = v.x; out[1] = v.w; out[2] = w.y; out[3] = dot(v.xy, vec2f(1.0, 2.0));
  out[4] = picked.x; out[5] = picked.y; out[6] = picked.z; out[7] = picked.w;
}`;
    run(program(body, out));
    expect([...out]).toEqual([101, 1134, 13, 101 + 2 * 1112, 4, 7, 0.5, 0]);
  });
});

describe('a checked build', () => {
  const body = `
var<private> own: array<f32, 4>;
@compute @workgroup_size(1)
fn main() { own[params.at] = 1.0; out[params.at * 2u] = own[params.at]; }`;
  const at = (index: number) => program(body, new Float32Array(6), { params: { at: index } });

  it('names binding, index and limit of an access outside', () => {
    expect(() => run(at(2), { checked: true })).not.toThrow();
    expect(() => run(at(3), { checked: true })).toThrow('binding 0: 6 of 6');
    expect(() => run(at(4), { checked: true })).toThrow('binding -1: 4 of 4');
  });
});

describe('what is not supported', () => {
  const compile = (body: string) => () => compileKernel(specOf(program(body, new Float32Array(1))));

  it.each([
    [
      '@compute @workgroup_size(8)\nfn main() {\n  workgroupBarrier();\n}',
      'header of test:4: line 4: the function workgroupBarrier',
    ],
    [
      '@compute @workgroup_size(1)\nfn main() {\n  out[0] = sinh(1.0);\n}',
      'header of test:4: line 4: the function sinh',
    ],
    ['@compute @workgroup_size(2, 2)\nfn main() {}', 'a workgroup of two dimensions'],
    ['@compute @workgroup_size(1)\nfn main() { let a = ; }', "expected an expression, found ';'"],
    ['@compute @workgroup_size(1)\nfn main() { out[0] = 1.0 § 2.0; }', "'§' begins no token"],
  ])('is an error that names kernel, file and line: %s', (body, message) => {
    expect(compile(body)).toThrow('kernel test');
    expect(compile(body)).toThrow(message);
  });
});
