import { describe, expect, it } from 'vitest';
import { elementCount } from '../../src/device/types.ts';
import { layoutParameters, undecayedRanges } from '../../src/nn/parameter-layout.ts';
import { Parameters } from '../../src/nn/parameter-store.ts';
import type { TensorShape } from '../../src/nn/types.ts';
import { random, testGpu } from '../device.ts';

const tensors: readonly TensorShape[] = [
  { name: 'b.weight', shape: [10, 7] },
  { name: 'b.bias', shape: [10] },
  { name: 'a.weight', shape: [64, 1] },
  { name: 'c.weight', shape: [3, 50] },
];
const inParts: readonly TensorShape[] = [
  ...tensors,
  { name: 'table', shape: [11, 50], parts: 'rows' },
  { name: 'fused', shape: [6, 5], parts: 3 },
];

describe('the layout of parameters', () => {
  it('pads every tensor to 256 bytes and splits where a binding ends', () => {
    const layout = layoutParameters(tensors, 1024);
    expect(layout.slots.map(({ pieces: [piece] }) => [piece!.page, piece!.offset])).toEqual([
      [0, 0],
      [0, 512],
      [0, 768],
      [1, 0],
    ]);
    expect(layout).toMatchObject({ elements: 294, bytes: 1024 + 768 });
    expect(undecayedRanges(layout, 0)).toEqual([{ start: 128, length: 10 }]);
    expect(undecayedRanges(layout, 1)).toEqual([]);
  });

  it('refuses a tensor larger than a binding, with the numbers', () => {
    expect(() => layoutParameters(tensors, 512)).toThrow(/c\.weight needs 768 bytes/);
  });

  it('cuts a table larger than a binding between rows, and lays the parts of a fused layer out one by one', () => {
    const parts: readonly TensorShape[] = [
      { name: 'table', shape: [11, 50], parts: 'rows' },
      { name: 'fused', shape: [6, 5], parts: 3 },
      { name: 'fused.bias', shape: [6], parts: 3 },
    ];
    const layout = layoutParameters(parts, 1024);
    const places = layout.slots.map(({ pieces }) =>
      pieces.map(({ firstRow, rows, page, offset }) => [firstRow, rows, page, offset]),
    );
    expect(places).toEqual([
      [
        [0, 5, 0, 0],
        [5, 5, 1, 0],
        [10, 1, 2, 0],
      ],
      [
        [0, 2, 2, 256],
        [2, 2, 2, 512],
        [4, 2, 2, 768],
      ],
      [
        [0, 2, 3, 0],
        [2, 2, 3, 256],
        [4, 2, 3, 512],
      ],
    ]);
    expect(undecayedRanges(layout, 3)).toEqual([
      { start: 0, length: 2 },
      { start: 64, length: 2 },
      { start: 128, length: 2 },
    ]);
    expect(layoutParameters(parts, 1 << 20).slots[0]!.pieces).toHaveLength(1);
  });
});

describe('parameters on the device', () => {
  it('keep what is loaded, over several pages too, and come back in order of their names', async () => {
    const gpu = await testGpu();
    const parameters = new Parameters(gpu, inParts, { training: true, pageBytes: 1024 });
    expect(parameters.pages('m').length).toBe(5);
    const generator = random(1);
    const values = new Map(
      inParts.map(({ name, shape }) => [name, generator.floats(shape.reduce((product, size) => product * size, 1))]),
    );
    await parameters.load({ read: async (name) => values.get(name)! });
    const read: string[] = [];
    for await (const { name, data } of parameters.read()) {
      read.push(name);
      expect(data).toEqual(values.get(name));
    }
    expect(read).toEqual(['a.weight', 'b.bias', 'b.weight', 'c.weight', 'fused', 'table']);
    expect(parameters.parts('table').map(({ firstRow, value }) => [firstRow, value.shape])).toEqual([
      [0, [5, 50]],
      [5, [5, 50]],
      [10, [1, 50]],
    ]);
    expect(() => parameters.get('fused')).toThrow('used in 3 parts');
    for await (const { data } of parameters.read('v')) expect(data.every((value) => value === 0)).toBe(true);
    expect(parameters.bytes).toBe(4 * parameters.layout.bytes);
    parameters.free();
  });

  it('have no gradients unless they are trained', async () => {
    const parameters = new Parameters(await testGpu(), tensors, { training: false });
    expect(() => parameters.get('a.weight').gradient).toThrow('not being trained');
    expect(() => parameters.get('z')).toThrow('No parameter is called z');
    parameters.free();
  });

  it('keep a matrix packed from its first use until other values come, on a device that packs', async () => {
    const gpu = await testGpu();
    const parameters = new Parameters(gpu, tensors, { training: false });
    const source = { read: async (_name: string, shape: readonly number[]) => new Float32Array(elementCount(shape)) };
    await parameters.load(source);
    const { bytes } = parameters.layout;
    const { packed } = parameters.get('a.weight');
    expect(packed !== undefined).toBe(gpu.traits.packs);
    if (packed) {
      const kept = packed()!;
      expect(parameters.get('a.weight').packed?.()).toBe(kept);
      expect(parameters.bytes).toBe(bytes + 4 * elementCount(kept.shape));
      await parameters.load(source);
    }
    expect(parameters.bytes).toBe(bytes);
    parameters.free();
  });

  it('are not kept packed while they are trained', async () => {
    const parameters = new Parameters(await testGpu(), tensors, { training: true });
    expect(parameters.get('a.weight').packed).toBeUndefined();
    parameters.free();
  });
});
