/** First columns of matrices, taken and added back. */
import { describe, expect, it } from 'vitest';
import { addColumns, takeColumns } from '../../src/kernels/columns.ts';
import { random, testGpu, withTensors } from '../device.ts';

const gpu = await testGpu();

describe.each([
  [1, 1, 1],
  [7, 5, 3],
  [65, 12, 8],
  [65, 12, 7],
  [130, 10, 4],
  [3, 64, 64],
])('%i rows of %i columns', (rows, stride, width) => {
  const source = random(rows + stride);
  const whole = source.floats(rows * stride);
  const part = source.floats(rows * width);
  const at = (index: number): number => Math.floor(index / width) * stride + (index % width);

  it(`gives its first ${width}`, () =>
    withTensors(gpu, async (scope) => {
      const out = scope.unwritten('out', [rows, width]);
      takeColumns(gpu, { x: scope.upload('x', [rows, stride], whole), out });
      expect([...(await gpu.read(out))]).toEqual([...part.keys()].map((index) => whole[at(index)]));
    }));

  it(`takes ${width} more onto them`, () =>
    withTensors(gpu, async (scope) => {
      const target = scope.upload('whole', [rows, stride], whole);
      addColumns(gpu, { part: scope.upload('part', [rows, width], part), whole: target });
      const expected = whole.slice();
      part.forEach((value, index) => {
        expected[at(index)] = Math.fround(expected[at(index)]! + value);
      });
      expect([...(await gpu.read(target))]).toEqual([...expected]);
    }));
});
