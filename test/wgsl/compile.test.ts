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

describe('values', () => {
  const main = (body: string, more = '') => `${more}\n@compute @workgroup_size(1)\nfn main() {\n${body}\n}`;
  const results = (body: string, more?: string, size = 4): number[] => {
    const out = new Float32Array(size);
    run(program(main(body, more), out, { params: { zero: 0, one: 1 } }));
    return [...out];
  };

  it('are there behind a branch or a loop in which they were needed first', () => {
    const body = `
  out[0] = 1.0; out[1] = 2.0; out[2] = 3.0; out[3] = 4.0;
  let v = vec4f(out[0], out[1], out[2], out[3]);
  var w = vec4f();
  if (params.zero > 0u) { w = v; }
  for (var i = 0u; i < params.zero; i++) { w = v * 2.0; }
  w += v;
  out[0] = w.x; out[1] = w.y; out[2] = w.z; out[3] = w.w;`;
    expect(results(body)).toEqual([1, 2, 3, 4]);
  });

  it('change by calls in the target of an assignment, and through renamed pointers', () => {
    const more = `
fn next(p: ptr<function, u32>) -> u32 { *p += 1u; return *p - 1u; }
fn grow(p: ptr<function, f32>) { for (var i = 0u; i < 3u; i++) { let q = p; *q = *q + 1.0; } }`;
    const body = `
  var i = 0u;
  for (var k = 0u; k < 3u; k++) { out[next(&i)] = 7.0; }
  var a = 0.0;
  grow(&a);
  out[3] = a;`;
    expect(results(body, more)).toEqual([7, 7, 7, 3]);
  });

  it('of arrays are copies', () => {
    const more = `
struct Held { list: array<f32, 2>, last: f32 }
var<private> shared_list: array<f32, 2>;
fn first_of(list: array<f32, 2>) -> f32 { shared_list[0] = 5.0; return list[0]; }`;
    const body = `
  var a = array<f32, 2>(1.0, 2.0);
  let b = a;
  a[0] = 9.0;
  out[0] = b[0];
  shared_list[0] = 1.0;
  out[1] = first_of(shared_list);
  var held = Held(a, 0.0);
  let kept = held;
  held.list[0] = 4.0;
  out[2] = kept.list[0];`;
    expect(results(body, more)).toEqual([1, 1, 9, 0]);
  });

  it('of bools in vectors, constants and choices among them are those of WGSL', () => {
    const body = `
  var b = vec4<bool>(false);
  b.x = params.one > 0u;
  let chosen = select(vec4f(1.0), vec4f(2.0), b);
  out[0] = chosen.x + 10.0 * chosen.y;
  out[1] = f32(u32(-1.0)) + f32(i32(3e9));
  out[2] = select(1, 3.0, false) / 2;`;
    expect(results(body)).toEqual([12, 2 ** 31, 0.5, 0]);
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
    [
      '@compute @workgroup_size(1)\nfn main() { loop { let a = 1.0; break; continuing { out[0] = a; } } }',
      'continuing behind declarations of the body',
    ],
    ['@compute @workgroup_size(2, 2)\nfn main() {}', 'a workgroup of two dimensions'],
    ['@compute @workgroup_size(1)\nfn main() { let a = ; }', "expected an expression, found ';'"],
    ['@compute @workgroup_size(1)\nfn main() { out[0] = 1.0 § 2.0; }', "'§' begins no token"],
  ])('is an error that names kernel, file and line: %s', (body, message) => {
    expect(compile(body)).toThrow('kernel test');
    expect(compile(body)).toThrow(message);
  });
});
