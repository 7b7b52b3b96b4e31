/** Runs WGSL that a test writes down, compiled, in the test's own thread. */

import type { KernelSpec } from '../../src/device/types.ts';
import { commandLayout } from '../../src/device/wasm/command-layout.ts';
import { type CompileOptions, compileKernel } from '../../src/wgsl/compile.ts';

type Data = Float32Array | Uint32Array | Int32Array;

export interface Program {
  readonly wgsl: string;
  /** By name, in the order of their bindings; those that are written hold the results afterwards. */
  readonly bindings: Readonly<Record<string, { readonly access: 'read' | 'write'; readonly data: Data }>>;
  readonly params?: Readonly<Record<string, number>>;
  /** Workgroups. */
  readonly groups?: number;
}

const memory = new WebAssembly.Memory({ initial: 1_024, maximum: 65_536, shared: true });
const scratch = 65_536;
const command = 2 * 65_536;
const firstData = 3 * 65_536;

export function specOf({ wgsl, bindings, params = {} }: Program): KernelSpec {
  return {
    name: 'test',
    shader: '../test/fixtures/wgsl/empty.wgsl',
    header: wgsl,
    bindings: Object.fromEntries(Object.entries(bindings).map(([name, { access }]) => [name, access])),
    params: Object.fromEntries(Object.keys(params).map((name) => [name, 'u32'])),
  };
}

/** Runs it from the first workgroup to the last; what is outside of a binding throws in a checked build. */
export function run(program: Program, options: CompileOptions = {}): void {
  const { bindings, params = {}, groups = 1 } = program;
  const spec = specOf(program);
  const layout = commandLayout(spec);
  const words = new Uint32Array(memory.buffer, command, layout.words);
  words.set([groups, 1]);
  words.set(Object.values(params), layout.params);
  let top = firstData;
  const places = Object.values(bindings).map(({ data }, index) => {
    const bytes = new Uint8Array(memory.buffer, top, data.byteLength);
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    words.set([top, data.byteLength], layout.binding(index));
    top += Math.ceil(data.byteLength / 256) * 256;
    return bytes;
  });
  const outside = (binding: number, index: number, limit: number): never => {
    throw new Error(`binding ${binding}: ${index} of ${limit}`);
  };
  const module = new WebAssembly.Module(compileKernel(spec, options));
  const { exports } = new WebAssembly.Instance(module, { device: { memory, outside } });
  (exports['run'] as (...operands: number[]) => void)(command, scratch, 0, groups);
  for (const [index, { data }] of Object.values(bindings).entries()) {
    new Uint8Array(data.buffer, data.byteOffset, data.byteLength).set(places[index]!);
  }
}

const storage = (binding: number, name: string, element: string, access: string): string =>
  `@group(0) @binding(${binding}) var<storage, ${access}> ${name}: array<${element}>;`;

/** out[i] = expression of x[i] (and y[i]) over all elements, 64 a workgroup. */
export function mapped(
  expression: string,
  x: Data,
  options: { y?: Data; out: Data; element?: string; to?: string; relaxed?: boolean },
): void {
  const { y = x, out, element = 'f32', to = element, relaxed = false } = options;
  const lanes = element.startsWith('vec4') ? 4 : 1;
  const count = x.length / lanes;
  const wgsl = `${storage(1, 'x', element, 'read')}
${storage(2, 'y', element, 'read')}
${storage(3, 'out', to, 'read_write')}
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = group.x * 64u + lane;
  if (i >= params.count) { return; }
  out[i] = ${expression};
}`;
  const bindings = {
    x: { access: 'read', data: x },
    y: { access: 'read', data: y },
    out: { access: 'write', data: out },
  } as const;
  run({ wgsl, bindings, params: { count }, groups: Math.ceil(count / 64) }, { relaxed });
}
