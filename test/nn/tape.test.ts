/** The tape's bookkeeping: gradients of shared values, and buffers that go back to the pool exactly once. */
import { describe, expect, it } from 'vitest';
import type { Gpu } from '../../src/device/types.ts';
import { linear } from '../../src/nn/ops/linear.ts';
import { residualAdd } from '../../src/nn/ops/residual.ts';
import type { Parameter } from '../../src/nn/parameter-store.ts';
import { Tape } from '../../src/nn/tape.ts';
import { testGpu, upload } from '../device.ts';

/** A leased [2, 4] tensor of the tape with one value everywhere. */
function filled(gpu: Gpu, tape: Tape, value: number) {
  return filledInput(gpu, tape, value).tensor;
}

/** The same as a value. */
function filledInput(gpu: Gpu, tape: Tape, value: number, tracked = true) {
  const input = tape.input('filled', [2, 4], tracked);
  gpu.write(input.tensor, new Float32Array(8).fill(value));
  return input;
}

/** A linear layer y = factor * x without bias, [4, 4]. */
function scaling(gpu: Gpu, factor: number): Parameter & { free(): void } {
  const identity = Float32Array.from({ length: 16 }, (_, i) => (i % 5 === 0 ? factor : 0));
  const [value, gradient] = [upload(gpu, 'w', [4, 4], identity), upload(gpu, 'dw', [4, 4], new Float32Array(16))];
  return {
    name: 'scaling',
    tracked: true,
    value,
    gradient,
    packed: undefined,
    free: () => {
      gpu.free(value);
      gpu.free(gradient);
    },
  };
}

const noBias = (gpu: Gpu): Parameter => ({
  name: 'bias',
  tracked: true,
  value: upload(gpu, 'b', [4], new Float32Array(4)),
  gradient: upload(gpu, 'db', [4], new Float32Array(4)),
  packed: undefined,
});

describe('the tape', () => {
  it('adds up the gradients of a value with several uses, whichever buffers they share', async () => {
    const gpu = await testGpu();
    const [two, three, bias] = [scaling(gpu, 2), scaling(gpu, 3), noBias(gpu)];
    const tape = new Tape(gpu, true);
    const x = filledInput(gpu, tape, 1);
    // y = x + 2 x + 3 x, with x's first gradient shared with a neighbour.
    const y = residualAdd(tape, residualAdd(tape, linear(tape, x, two, bias), x), linear(tape, x, three, bias));
    tape.give(y, filled(gpu, tape, 5));
    tape.backward();
    expect(await gpu.read(x.gradient!)).toEqual(new Float32Array(8).fill(30));
    tape.dispose();
    for (const parameter of [two, three]) parameter.free();
    gpu.free(bias.value);
    gpu.free(bias.gradient);
  });

  it('without recording keeps what is not dropped, and gives everything back in the end', async () => {
    const gpu = await testGpu();
    const before = gpu.memory().pooled;
    for (let round = 0; round < 3; round++) {
      const tape = new Tape(gpu, false);
      const a = filledInput(gpu, tape, 1);
      const b = filledInput(gpu, tape, 2);
      const y = residualAdd(tape, a, b);
      tape.drop(a);
      expect(await gpu.read(y.tensor)).toEqual(new Float32Array(8).fill(3));
      tape.dispose();
    }
    expect(gpu.memory().pooled - before).toBeLessThanOrEqual(3 * 256);
  });

  it('does not go back through what has no gradient', async () => {
    const gpu = await testGpu();
    const tape = new Tape(gpu, true);
    const a = filledInput(gpu, tape, 1);
    residualAdd(tape, a, a);
    tape.backward();
    expect(a.gradient).toBeUndefined();
    tape.dispose();
  });

  it('catches a buffer that is released twice', async () => {
    const tape = new Tape(await testGpu(), false);
    const value = tape.input('x', [1], true);
    tape.drop(value);
    expect(() => tape.drop(value)).toThrow('released twice');
  });
});
