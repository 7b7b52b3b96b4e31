/** A device's contract: data comes back bit for bit, commands run in order, mistakes are named. */
import { afterEach, describe, expect, it } from 'vitest';
import { bufferTensor } from '../../../src/device/tensor.ts';
import { type KernelSpec, rowsOf, type Tensor } from '../../../src/device/types.ts';
import { openGpu } from '../../../src/device/webgpu/open.ts';
import { unwritten, upload, webGpuName } from '../../device.ts';

const open = () => openGpu({ name: webGpuName });
const gpu = await open();
const made: Tensor[] = [];
const keep = (tensor: Tensor): Tensor => {
  made.push(tensor);
  return tensor;
};
afterEach(() => {
  for (const tensor of made.splice(0)) gpu.free(tensor);
});

const axpy: KernelSpec<'x' | 'out', 'count' | 'factor'> = {
  name: 'test-axpy',
  shader: '../test/fixtures/device/axpy.wgsl',
  include: ['common/grid.wgsl'],
  bindings: { x: 'read', out: 'write' },
  params: { count: 'u32', factor: 'f32' },
};

const run = (x: Tensor, out: Tensor, factor: number): void => {
  const count = x.shape[0]!;
  gpu.dispatch(axpy, { bindings: { x, out }, params: { count, factor }, grid: [Math.ceil(count / 64)] });
};

describe('device', () => {
  it('says what it runs on', () => {
    expect(gpu.adapter.name).not.toBe('');
    expect(gpu.adapter.software).toBe(/swiftshader|llvmpipe/i.test(gpu.adapter.name));
    expect(gpu.adapter.limits['maxStorageBuffersPerShaderStage']).toBeGreaterThanOrEqual(8);
    expect(gpu.adapter.limits['maxStorageBufferBindingSize']).toBeGreaterThanOrEqual(128 * 1024 * 1024);
    expect(gpu.device.limits.maxStorageBufferBindingSize).toBe(gpu.adapter.limits['maxStorageBufferBindingSize']);
    expect(gpu.largestBinding % 256).toBe(0);
    expect(gpu.largestBinding).toBeGreaterThanOrEqual(128 * 1024 * 1024);
    expect(gpu.features.has('f16')).toBe(gpu.device.features.has('shader-f16'));
  });

  it('keeps every bit, NaN payloads and negative zero too', async () => {
    const bits = new Uint32Array([
      0x7fc00001, 0xffc12345, 0x7f800001, 0x80000000, 0x7f800000, 0xff800000, 1, 0x3f800000,
    ]);
    const tensor = keep(upload(gpu, 'bits', [8], new Float32Array(bits.buffer)));
    expect(await gpu.readU32(tensor)).toEqual(bits);
    const copied = keep(gpu.allocate('copied', [8]));
    gpu.copy(tensor, copied);
    expect(await gpu.readU32(copied)).toEqual(bits);
  });

  it('allocates zeros and clears', async () => {
    const tensor = keep(gpu.allocate('zeros', [100]));
    expect(await gpu.read(tensor)).toEqual(new Float32Array(100));
    gpu.write(tensor, new Float32Array(100).fill(3));
    gpu.clear(tensor);
    expect(await gpu.read(tensor)).toEqual(new Float32Array(100));
  });

  it('orders writes, copies and dispatches as recorded', async () => {
    const x = keep(upload(gpu, 'x', [3], new Float32Array([1, 2, 3])));
    const [first, second] = [keep(upload(gpu, 'first', [3], new Float32Array(3))), keep(gpu.allocate('second', [3]))];
    run(x, first, 10);
    gpu.copy(first, second);
    gpu.write(x, new Float32Array([100, 200, 300]));
    run(x, second, 1);
    gpu.clear(first);
    expect(await gpu.read(second)).toEqual(new Float32Array([110, 220, 330]));
    expect(await gpu.read(first)).toEqual(new Float32Array(3));
  });

  it('runs more dispatches than the ring of params holds', async () => {
    const x = keep(upload(gpu, 'x', [1], new Float32Array([1])));
    const out = keep(gpu.allocate('out', [1]));
    for (let step = 0; step < 1300; step += 1) run(x, out, step);
    expect(await gpu.read(out)).toEqual(new Float32Array([(1299 * 1300) / 2]));
  });

  it('folds a grid above 65535 workgroups', async () => {
    const count = 65_535 * 64 + 70;
    const x = keep(upload(gpu, 'x', [count], new Float32Array(count).fill(2)));
    const out = keep(gpu.allocate('out', [count]));
    run(x, out, 0.5);
    const result = await gpu.read(out);
    expect(result.every((value) => value === 1)).toBe(true);
  });

  it('leases scratch from a pool and reuses it', () => {
    const first = gpu.lease('scratch', [1000]);
    const { pooled } = gpu.memory();
    gpu.release(first);
    const second = gpu.lease('scratch', [990]);
    expect(bufferTensor(second).buffer).toBe(bufferTensor(first).buffer);
    expect(gpu.memory().pooled).toBe(pooled);
    gpu.release(second);
    expect(() => gpu.release(second)).toThrow('was released before');
  });

  it('views parts of a tensor, in another shape', async () => {
    const matrix = keep(
      upload(
        gpu,
        'matrix',
        [4, 64],
        Float32Array.from({ length: 256 }, (_, at) => at),
      ),
    );
    const row = rowsOf(gpu, matrix, 2, 1);
    expect(row.shape).toEqual([1, 64]);
    expect(await gpu.read(row)).toEqual(Float32Array.from({ length: 64 }, (_, at) => 128 + at));
    const out = keep(upload(gpu, 'out', [64], new Float32Array(64)));
    run(gpu.view(row, 0, [64]), out, 2);
    expect((await gpu.read(out))[3]).toBe(262);
    const odd = gpu.view(matrix, 3, [2, 2], 'odd');
    expect([gpu.isBindable(row), gpu.isBindable(odd)]).toEqual([true, false]);
    expect(() => run(odd, out, 1)).toThrow('tensor odd begins at byte 12');
    const copied = keep(gpu.allocate('copied', [4]));
    gpu.copy(odd, copied);
    expect(await gpu.read(copied)).toEqual(new Float32Array([3, 4, 5, 6]));
    expect(() => gpu.clear(gpu.view(matrix, 192, [65]))).toThrow('ends beyond its buffer');
  });

  it('reads several tensors at once and empty ones', async () => {
    const tensors = [1, 2, 3].map((value) => keep(upload(gpu, 'x', [2], new Float32Array([value, -value]))));
    const results = await Promise.all(tensors.map((tensor) => gpu.read(tensor)));
    expect(results.map((result) => [...result])).toEqual([
      [1, -1],
      [2, -2],
      [3, -3],
    ]);
    expect(await gpu.read(keep(gpu.allocate('empty', [0, 4])))).toHaveLength(0);
  });

  it('times kernels where the adapter can', async () => {
    const x = keep(upload(gpu, 'x', [64], new Float32Array(64)));
    const out = keep(gpu.allocate('out', [64]));
    const { kernels } = await gpu.timed(async () => {
      run(x, out, 1);
      run(x, out, 1);
      await gpu.idle();
    });
    if (!gpu.device.features.has('timestamp-query')) expect(kernels).toEqual([]);
    else expect(kernels).toEqual([{ kernel: 'test-axpy', calls: 2, milliseconds: expect.any(Number) }]);
  });
});

describe('mistakes', () => {
  const x = () => keep(upload(gpu, 'x', [4], new Float32Array(4)));

  it('names a missing binding and a missing or wrong param', () => {
    const out = keep(gpu.allocate('out', [4]));
    const bad = (bindings: object, params: object) => () =>
      gpu.dispatch(axpy as KernelSpec, { bindings: { ...bindings }, params: { ...params }, grid: [1] });
    expect(bad({ out }, { count: 4, factor: 1 })).toThrow('binding x of kernel test-axpy is missing');
    expect(bad({ x: x(), out }, { count: 4 })).toThrow('param factor of kernel test-axpy is missing');
    expect(bad({ x: x(), out }, { count: -1, factor: 1 })).toThrow(
      'param count of kernel test-axpy is -1, expected u32',
    );
  });

  it('refuses to read and write one buffer in one dispatch', () => {
    const tensor = x();
    expect(() => run(tensor, tensor, 1)).toThrow('kernel test-axpy writes out (x) to the buffer that it binds as x');
  });

  it('refuses freed tensors, wrong lengths and wrong types', async () => {
    const freed = gpu.allocate('gone', [4]);
    gpu.free(freed);
    expect(() => run(freed, freed, 1)).toThrow('tensor gone was freed');
    expect(() => gpu.free(freed)).toThrow('was freed before');
    expect(() => gpu.write(x(), new Float32Array(3))).toThrow('[4] holds 16 bytes, got 12');
    expect(() => gpu.clear({ ...x() })).toThrow('tensor x was not made by a device');
    await expect(gpu.read(keep(gpu.allocate('ids', [2], 'u32')))).rejects.toThrow('use readU32');
  });

  it('refuses a tensor larger than a buffer with both numbers', () => {
    const limit = gpu.device.limits.maxBufferSize;
    const huge = Math.floor(limit / 4) + 64;
    expect(() => gpu.allocate('huge', [huge])).toThrow(/tensor huge needs \d+ bytes, this adapter's buffers hold \d+/);
  });

  it('names file, line and kernel of a shader that does not compile, at once and in advance', async () => {
    const broken = {
      ...axpy,
      name: 'test-broken',
      header: 'const UNUSED = 1;',
      shader: '../test/fixtures/device/broken.wgsl',
    };
    const where =
      /shaders\/\.\.\/test\/fixtures\/device\/broken\.wgsl:6:\d+: .*missing_function.*\(kernel test-broken\)/;
    const out = keep(unwritten(gpu, 'out', [4]));
    const dispatch = () =>
      gpu.dispatch(broken, { bindings: { x: x(), out }, params: { count: 4, factor: 1 }, grid: [1] });
    expect(dispatch).toThrow(where);
    await expect(gpu.compile([broken])).rejects.toThrow(where);
    run(x(), out, 1); // The device is not spoilt by it.
    expect((await gpu.read(out)).every(Number.isNaN)).toBe(true);
  });

  it('gives nobody a buffer that could not be made', async () => {
    // A device of its own: what other tests left in a pool could be dropped for the buffer that is asked for.
    const own = await open();
    const { device } = own;
    const shape = [123_457];
    const before = own.memory();
    const make = device.createBuffer.bind(device);
    device.createBuffer = (wanted) => make({ ...wanted, usage: 0xffff_0000 });
    try {
      expect(() => own.lease('scratch', shape)).toThrow(/make scratch \[123457\]: .*usage/i);
      expect(() => own.allocate('tensor', shape)).toThrow(/make tensor/);
    } finally {
      device.createBuffer = make;
    }
    expect(own.memory()).toMatchObject({ pooled: before.pooled, persistent: before.persistent });
    const scratch = own.lease('scratch', shape);
    own.clear(scratch);
    expect((await own.read(scratch)).every((value) => value === 0)).toBe(true);
    own.release(scratch);
    await own.destroy();
  });

  it('throws what the device reports, once', async () => {
    gpu.device.createBuffer({ size: 4, usage: 0xffff_0000 });
    expect(() => gpu.submit()).toThrow(/submit: .*usage/i);
    await gpu.idle();
  });
});

describe('tasks', () => {
  /** A promise that is resolved from outside. */
  function gate() {
    let open = (): void => {};
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    return { open, opened };
  }

  const values = new Float32Array([1, 2, 3]);

  it('keep an error to the one that recorded the commands; the others go on', async () => {
    const [x, out, spoilt, target] = [
      keep(upload(gpu, 'x', [3], values)),
      keep(upload(gpu, 'out', [3], new Float32Array(3))),
      keep(gpu.allocate('spoilt', [3])),
      keep(gpu.allocate('target', [3])),
    ];
    // A command that the device refuses only when it is sent.
    bufferTensor<GPUBuffer>(spoilt).buffer.destroy();
    const [middle, end] = [gate(), gate()];
    const innocent = gpu.task(async () => {
      run(x, out, 10);
      await middle.opened;
      run(x, out, 1);
      return gpu.read(out);
    });
    const guilty = gpu.task(async () => {
      gpu.copy(spoilt, target);
      middle.open();
      await end.opened;
      gpu.clear(target);
    });
    expect(await innocent).toEqual(new Float32Array([11, 22, 33]));
    end.open();
    await expect(guilty).rejects.toThrow(/destroyed/);
    expect(await gpu.read(target)).toEqual(new Float32Array(3));
  });

  it('are told at their end what nothing has told before', async () => {
    const [spoilt, target] = [keep(gpu.allocate('spoilt', [3])), keep(gpu.allocate('target', [3]))];
    bufferTensor<GPUBuffer>(spoilt).buffer.destroy();
    await expect(gpu.task(async () => gpu.copy(spoilt, target))).rejects.toThrow(/destroyed/);
    await gpu.idle();
  });

  it('keep what the device reports on the side', async () => {
    const [first, second] = [gate(), gate()];
    const guilty = gpu.task(async () => {
      gpu.submit();
      gpu.device.createBuffer({ size: 4, usage: 0xffff_0000 });
      first.open();
      await second.opened;
      await gpu.idle();
    });
    await first.opened;
    const x = keep(upload(gpu, 'x', [3], values));
    expect(await gpu.task(() => gpu.read(x))).toEqual(values);
    second.open();
    await expect(guilty).rejects.toThrow(/usage/i);
    await gpu.idle();
  });

  it('that fail leave what the others recorded', async () => {
    const [x, out] = [keep(upload(gpu, 'x', [3], values)), keep(upload(gpu, 'out', [3], new Float32Array(3)))];
    const [first, second] = [gate(), gate()];
    const innocent = gpu.task(async () => {
      await first.opened;
      run(x, out, 1);
      second.open();
      await Promise.resolve();
      return gpu.read(out);
    });
    const guilty = gpu.task(async () => {
      gpu.submit();
      gpu.device.createBuffer({ size: 4, usage: 0xffff_0000 });
      first.open();
      await second.opened;
      gpu.submit();
    });
    await expect(guilty).rejects.toThrow(/usage/i);
    expect(await innocent).toEqual(values);
  });
});
