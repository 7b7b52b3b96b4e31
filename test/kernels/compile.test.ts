/**
 * Every kernel compiles, with Dawn's full validation of WGSL and layouts, on Dawn's null backend: without a GPU and
 * without a driver. What the host says about a shader's bindings is compared with its text; params are declared by the
 * host alone.
 */
import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { create } from 'webgpu';
import { readShader } from '../../src/assets.ts';
import { Failures } from '../../src/device/failures.ts';
import { shaderSource } from '../../src/device/shader-source.ts';
import type { KernelSpec } from '../../src/device/types.ts';
import { featureNames, PipelineCache } from '../../src/device/webgpu/pipelines.ts';
import { watchDevice } from '../../src/device/webgpu/watch.ts';
import { allKernels } from '../../src/kernels/index.ts';

/** Held as long as its device: Dawn does not outlive its instance. */
let instance: GPU | undefined;
let device: GPUDevice;
let pipelines: PipelineCache;

beforeAll(async () => {
  instance = create(['backend=null']);
  const adapter = await instance.requestAdapter();
  if (adapter === null) throw new Error('Dawn has no null backend');
  const requiredFeatures = [
    ...new Set(allKernels.flatMap(({ requires = [] }) => requires.map((feature) => featureNames[feature]))),
  ];
  device = await adapter.requestDevice({ requiredFeatures });
  pipelines = new PipelineCache(device, watched(device));
});

afterAll(async () => {
  device.destroy();
  await device.lost;
  instance = undefined;
});

function watched(of: GPUDevice): Failures {
  const failures = new Failures();
  watchDevice(of, failures);
  return failures;
}

const plain = (name: string): string => name.replaceAll('_', '').toLowerCase();

/** Names and access of the storage bindings, by number. */
function bindingsOf(code: string): string[] {
  const pattern = /@group\(0\)\s*@binding\((\d+)\)\s*var<storage(?:,\s*(read_write|read))?>\s*(\w+)/g;
  return [...withoutComments(code).matchAll(pattern)]
    .sort((a, b) => Number(a[1]) - Number(b[1]))
    .map(([, , access, name]) => `${plain(name!)}: ${access === 'read_write' ? 'write' : 'read'}`);
}

const withoutComments = (code: string): string => code.replace(/\/\/[^\n]*/g, '');
const entries = (record: Readonly<Record<string, string>>): string[] =>
  Object.entries(record).map(([name, value]) => `${plain(name)}: ${value}`);

/** The same kernel may be listed for several variants of its neighbours. */
const kernels = [...new Map(allKernels.map((kernel) => [JSON.stringify(kernel), kernel])).values()];

const shaderFiles = readdirSync(new URL('../../shaders', import.meta.url), { recursive: true, encoding: 'utf8' })
  .map((name) => name.replaceAll('\\', '/'))
  .filter((name) => name.endsWith('.wgsl'));

describe('kernels', () => {
  it('are told apart by their names', () => {
    const names = new Set(kernels.map((kernel) => kernel.name));
    expect(kernels.length).toBe(names.size);
    expect(names.size).toBeGreaterThan(40);
  });

  it('use every shader file there is', () => {
    const used = new Set(allKernels.flatMap((kernel) => [...(kernel.include ?? []), kernel.shader]));
    expect(shaderFiles.filter((name) => !used.has(name))).toEqual([]);
  });

  it('declare params in their specs and nowhere else', () => {
    expect(shaderFiles.filter((name) => /\bParams\b|var<uniform>/.test(withoutComments(readShader(name))))).toEqual([]);
    const spec = {
      name: 'a',
      shader: 'common/grid.wgsl',
      bindings: {},
      params: { keepScale: 'f32', count: 'u32' },
    } as const;
    const { code, locate } = shaderSource({ ...spec, header: 'const A = 1;' });
    expect(code).toContain(
      'struct Params {\n  keep_scale: f32,\n  count: u32,\n}\n@group(0) @binding(0) var<uniform> params: Params;\n',
    );
    expect([1, 3, 6, 7].map((line) => locate(line))).toEqual([
      { file: 'header of a', line: 1 },
      { file: 'params of a', line: 2 },
      { file: 'params of a', line: 5 },
      { file: 'shaders/common/grid.wgsl', line: 1 },
    ]);
  });

  it.each(kernels.map((kernel) => [kernel.name, kernel] as const))('%s', (_name, kernel: KernelSpec) => {
    const { code } = shaderSource(kernel);
    const bindings = bindingsOf(code);
    expect(bindings).toHaveLength(Object.keys(kernel.bindings).length);
    // A shader may say more than the host, for example token_type for `type`, which is reserved in WGSL.
    for (const [index, entry] of entries(kernel.bindings).entries())
      expect(bindings[index]).toMatch(new RegExp(`${entry}$`));
    expect(Object.keys(kernel.bindings).length).toBeLessThanOrEqual(8);
    expect(() => pipelines.get(kernel)).not.toThrow();
  });
});
