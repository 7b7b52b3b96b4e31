/** The CPU device: order, threads, memory that is used again, errors of tasks, its end. Threads are those of dist/. */
import { afterAll, describe, expect, it } from 'vitest';
import type { Gpu, KernelSpec, Tensor } from '../../../src/device/types.ts';
import { rowsOf } from '../../../src/device/types.ts';
import { openWasm } from '../../../src/device/wasm/open.ts';
import { matmulNT } from '../../../src/kernels/matmul.ts';
import { compileKernel } from '../../../src/wgsl/compile.ts';
import { random, upload } from '../../device.ts';

const axpy: KernelSpec<'x' | 'out', 'count' | 'factor'> = {
  name: 'test-axpy',
  shader: '../test/fixtures/device/axpy.wgsl',
  include: ['common/grid.wgsl'],
  bindings: { x: 'read', out: 'write' },
  params: { count: 'u32', factor: 'f32' },
};

const devices: Gpu[] = [];
const open = (threads: number): Gpu => {
  const gpu = openWasm({ threads, kernels: (spec) => compileKernel(spec, { checked: true }) });
  devices.push(gpu);
  return gpu;
};
afterAll(() => Promise.all(devices.map((gpu) => gpu.destroy())));

const add = (gpu: Gpu, x: Tensor, out: Tensor, factor = 1, count = x.shape[0]!): void =>
  gpu.dispatch(axpy, { bindings: { x, out }, params: { count, factor }, grid: [Math.ceil(count / 64)] });
const one = open(1);
const three = open(3);

describe.each([
  ['one thread', one],
  ['three threads', three],
])('on %s', (_, gpu) => {
  it('keeps every bit, and the order of writes, commands and reads', async () => {
    const bits = new Uint32Array([0x7fc00001, 0x80000000, 1, 0xff800000]);
    const x = upload(gpu, 'x', [4], new Float32Array(bits.buffer));
    expect(await gpu.readU32(x)).toEqual(bits);
    gpu.write(x, new Float32Array(4).fill(1));
    const out = gpu.allocate('out', [4]);
    add(gpu, x, out, 2);
    const first = gpu.read(out);
    gpu.write(x, new Float32Array(4).fill(10));
    add(gpu, x, out);
    gpu.copy(out, x);
    gpu.clear(out);
    expect([...(await first)]).toEqual([2, 2, 2, 2]);
    expect([...(await gpu.read(x))]).toEqual([12, 12, 12, 12]);
    expect([...(await gpu.read(out))]).toEqual([0, 0, 0, 0]);
    for (const tensor of [x, out]) gpu.free(tensor);
  });

  it('runs thousands of commands that depend on each other', async () => {
    const [ones, out] = [upload(gpu, 'ones', [130], new Float32Array(130).fill(1)), gpu.allocate('out', [130])];
    for (let i = 0; i < 5_000; i++) add(gpu, ones, out);
    expect(new Set(await gpu.read(out))).toEqual(new Set([5_000]));
    for (const tensor of [ones, out]) gpu.free(tensor);
  });

  it('gives what was freed or released to others without disturbing what still runs', async () => {
    const { integer } = random(5);
    const total = gpu.allocate('total', [1000]);
    let expected = 0;
    for (let i = 0; i < 400; i++) {
      const value = integer(100);
      const x = i % 2 === 0 ? gpu.lease('x', [1000]) : gpu.allocate('x', [1000]);
      gpu.write(x, new Float32Array(1000).fill(value));
      add(gpu, x, total);
      if (i % 2 === 0) gpu.release(x);
      else gpu.free(x);
      expected += value;
    }
    expect(new Set(await gpu.read(total))).toEqual(new Set([expected]));
    gpu.free(total);
  });

  it('throws an error of a kernel in the task that dispatched it, and in no other', async () => {
    const [x, out] = [gpu.allocate('x', [64]), gpu.allocate('out', [64])];
    const bad = gpu.task(async () => {
      add(gpu, x, out, 1, 65);
      await gpu.read(out);
    });
    const good = gpu.task(async () => gpu.read(x));
    await expect(bad).rejects.toThrow('kernel test-axpy: element 64 of');
    expect((await good).length).toBe(64);
    await gpu.idle();
    for (const tensor of [x, out]) gpu.free(tensor);
  });

  it('times every kernel by itself', async () => {
    const [x, out] = [gpu.allocate('x', [6400]), gpu.allocate('out', [6400])];
    const { kernels } = await gpu.timed(async () => {
      for (let i = 0; i < 3; i++) add(gpu, x, out);
    });
    expect(kernels).toEqual([{ kernel: 'test-axpy', calls: 3, milliseconds: expect.any(Number) }]);
    expect(kernels[0]!.milliseconds).toBeGreaterThan(0);
    for (const tensor of [x, out]) gpu.free(tensor);
  });

  it('refuses what does not fit, by name', () => {
    const x = gpu.allocate('x', [8]);
    expect(() => add(gpu, rowsOf(gpu, gpu.view(x, 0, [8, 1]), 1, 2), x)).toThrow('begins at byte 4');
    expect(() => add(gpu, x, x)).toThrow('to the buffer that it binds as x');
    expect(() => gpu.write(x, new Float32Array(3))).toThrow('[8] holds 32 bytes, got 12');
    expect(() => gpu.allocate('huge', [2 ** 30])).toThrow('tensor huge needs');
    gpu.free(x);
    expect(() => gpu.clear(x)).toThrow('was freed');
  });
});

it('gives the same bits on one thread and on three', async () => {
  const { floats } = random(11);
  const [a, b] = [floats(333 * 76), floats(212 * 76)];
  const product = async (gpu: Gpu): Promise<Uint32Array> => {
    const tensors = [upload(gpu, 'a', [333, 76], a), upload(gpu, 'b', [212, 76], b), gpu.allocate('out', [333, 212])];
    const [x, y, out] = tensors as [Tensor, Tensor, Tensor];
    matmulNT(gpu, { a: x, b: y, out });
    const bits = await gpu.readU32(out);
    for (const tensor of tensors) gpu.free(tensor);
    return bits;
  };
  expect(await product(three)).toEqual(await product(one));
});

describe('compiled kernels', () => {
  it('are refused where the build has not made them, with the command that does', async () => {
    const gpu = openWasm({ threads: 1 });
    const [x, out] = [gpu.allocate('x', [4]), gpu.allocate('out', [4])];
    expect(() => add(gpu, x, out)).toThrow(/kernel test-axpy is not compiled .*run `npm run build`/);
    await gpu.destroy();
  });

  it('are refused where they were made of other WGSL', async () => {
    const gpu = openWasm({ threads: 1, kernels: (spec) => compileKernel({ ...spec, header: '// another' }) });
    const [x, out] = [gpu.allocate('x', [4]), gpu.allocate('out', [4])];
    expect(() => add(gpu, x, out)).toThrow(/test-axpy is not of this WGSL: run `npm run build`/);
    await expect(gpu.compile([axpy])).rejects.toThrow('not of this WGSL');
    await gpu.destroy();
  });
});

it('rejects what is awaited when it is destroyed', async () => {
  const gpu = open(2);
  const [x, out] = [gpu.allocate('x', [6_400]), gpu.allocate('out', [6_400])];
  for (let i = 0; i < 3_000; i++) add(gpu, x, out);
  const awaited = [gpu.read(out), gpu.idle()].map((promise) => expect(promise).rejects.toThrow('already destroyed'));
  await gpu.destroy();
  await Promise.all(awaited);
});

it('sees memory that has grown before it copies there', async () => {
  const gpu = open(2);
  const x = upload(gpu, 'x', [64], new Float32Array(64).fill(3));
  for (let i = 0; i < 40; i++) {
    // More than the memory grows by at once.
    const grown = gpu.allocate('grown', [2 ** 22 + 64 * i]);
    const end = gpu.view(grown, 2 ** 22 + 64 * i - 64, [64]);
    gpu.copy(x, end);
    expect([...(await gpu.read(end))]).toEqual(new Array(64).fill(3));
  }
});

it('keeps an error of its last commands to a task that does not read', async () => {
  const gpu = open(1);
  const [x, out] = [gpu.allocate('x', [64]), gpu.allocate('out', [64])];
  await expect(gpu.task(async () => add(gpu, x, out, 1, 65))).rejects.toThrow('element 64 of');
  const given = gpu.task(async () => {
    add(gpu, x, out, 1, 65);
    throw new Error('given up');
  });
  await expect(given).rejects.toThrow('given up');
  await gpu.idle();
});

it('takes memory that commands still use once they are done', async () => {
  const gpu = open(1);
  const elements = 2 ** 29;
  for (let i = 0; i < 3; i++) {
    const half = gpu.allocate('half', [elements]);
    gpu.clear(gpu.view(half, 0, [64]));
    gpu.free(half);
  }
  await gpu.idle();
});

it('gives up idle scratch where memory is short', async () => {
  const gpu = open(1);
  const leased: Tensor[] = [];
  const fill = (): void => {
    for (;;) leased.push(gpu.lease('scratch', [2 ** 25]));
  };
  expect(fill).toThrow(expect.objectContaining({ code: 'LIMIT_EXCEEDED' }));
  expect(leased.length).toBeGreaterThan(20);
  for (const tensor of leased) gpu.release(tensor);
  const x = gpu.allocate('x', [2 ** 24]);
  expect([...(await gpu.read(gpu.view(x, 2 ** 24 - 64, [64])))]).toEqual(new Array(64).fill(0));
});

it('takes tensors of nothing where others were', async () => {
  const gpu = open(2);
  gpu.free(upload(gpu, 'x', [1000], new Float32Array(1000).fill(1)));
  const nothing = gpu.allocate('nothing', [0, 384]);
  gpu.clear(nothing);
  await gpu.idle();
  expect(await gpu.read(nothing)).toHaveLength(0);
});

it('refuses two kernels of one name, constants, and grids that are none', () => {
  const [x, out] = [one.allocate('x', [4]), one.allocate('out', [4])];
  add(one, x, out);
  const call = { bindings: { x, out }, params: { count: 4, factor: 1 }, grid: [1] } as const;
  expect(() => one.dispatch({ ...axpy, header: '// another' }, call)).toThrow(
    'two different kernels are named test-axpy',
  );
  expect(() => one.dispatch({ ...axpy, name: 'other', constants: { A: 1 } }, call)).toThrow('has constants');
  for (const grid of [[Number.NaN], [1.5], [-1], [2 ** 16, 2 ** 16], [1, 1, 2]] as const) {
    expect(() => one.dispatch(axpy, { ...call, grid: grid as unknown as [number] })).toThrow('expected two dimensions');
  }
  for (const tensor of [x, out]) one.free(tensor);
});

it('ends its threads, and refuses every later call', async () => {
  const gpu = openWasm({ threads: 2 });
  await gpu.destroy();
  await gpu.destroy();
  expect(() => gpu.allocate('x', [1])).toThrow('already destroyed');
});

it.each([0, 1.5, 1_000])('refuses %s threads', (threads) => {
  expect(() => openWasm({ threads })).toThrow(expect.objectContaining({ code: 'BAD_USER_INPUT' }));
});
