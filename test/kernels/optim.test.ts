/** Global norm and AdamW over flat buffers, against float64. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { Gpu } from '../../src/device/types.ts';
import { adamW, exemptMask, globalNorm, pagesOf } from '../../src/kernels/optim.ts';
import { expectClose, random, testGpu, withTensors } from '../device.ts';
import * as reference from '../reference/optim.ts';
import { tolerances } from '../tolerances.ts';

let gpu: Gpu;
beforeAll(async () => {
  gpu = await testGpu();
});

type Scope = Parameters<Parameters<typeof withTensors>[1]>[0];

describe('global norm', () => {
  it.each([1, 7, 63, 65, 4095, 4096, 4097, 100_000, 100_003, 16_385])('of %i elements', (count) =>
    withTensors(gpu, async (scope) => {
      const data = random(count).floats(count);
      const gradients = scope.upload('gradients', [count], data);
      const [whole, paged] = [scope.unwritten('norm', [1]), scope.unwritten('norm', [1])];
      globalNorm(gpu, { gradients, out: whole });
      globalNorm(gpu, { gradients, out: paged, pageBytes: 4096 * 4 * 3 });
      const value = await gpu.read(whole);
      expectClose(value, [reference.globalNorm(data)], tolerances.globalNorm);
      expect(await gpu.read(paged)).toEqual(value);
    }),
  );

  it('spans several buffers', () =>
    withTensors(gpu, async (scope) => {
      const parts = [random(1).floats(5000), random(2).floats(3)];
      const out = scope.unwritten('norm', [1]);
      const gradients = parts.map((part) => scope.upload('gradients', [part.length], part));
      globalNorm(gpu, { gradients, out });
      expectClose(await gpu.read(out), [reference.globalNorm([...parts[0], ...parts[1]])], tolerances.globalNorm);
    }));

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e30])('shows a gradient of %d', (bad) =>
    withTensors(gpu, async (scope) => {
      const data = random(3).floats(9000);
      data[8191] = bad;
      const out = scope.unwritten('norm', [1]);
      globalNorm(gpu, { gradients: scope.upload('gradients', [data.length], data), out });
      expect(Number.isFinite((await gpu.read(out))[0])).toBe(false);
    }),
  );
});

describe('a guard', () => {
  it.each([Number.NaN, Number.POSITIVE_INFINITY, 2.5])('of %d', (value) =>
    withTensors(gpu, async (scope) => {
      const gradients = scope.upload('gradients', [2], Float32Array.of(3, 4));
      const out = scope.unwritten('norm', [1]);
      globalNorm(gpu, { gradients, out, guard: scope.upload('loss', [1], Float32Array.of(value)) });
      expect((await gpu.read(out))[0]).toBe(Number.isFinite(value) ? 5 : value);
    }),
  );
});

describe('pages', () => {
  it('cover all elements in whole spans', () => {
    expect(pagesOf(10_000, 4096 * 4)).toEqual([
      { start: 0, length: 4096 },
      { start: 4096, length: 4096 },
      { start: 8192, length: 1808 },
    ]);
    expect(pagesOf(5, 2 ** 27)).toEqual([{ start: 0, length: 5 }]);
  });
});

const settings = { learningRate: 0.01, weightDecay: 0.1, clipNorm: 1, decays: () => true };

describe('AdamW', () => {
  it.each([
    { count: 1 },
    { count: 63, clipNorm: 0 },
    { count: 65, weightDecay: 0 },
    { count: 4097, pageBytes: 4096 * 4 },
    {
      count: 10_007,
      pageBytes: 4096 * 4,
      exempt: [
        { start: 64, length: 100 },
        { start: 8192, length: 64 },
      ],
    },
  ])('follows torch over 20 steps: %o', (one) => compareTrajectory(one));

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('changes nothing where the norm is %d', (bad) =>
    withTensors(gpu, async (scope) => {
      const count = 130;
      const state = uploadState(scope, count);
      const before = await readState(state);
      const gradients = scope.upload('gradients', [count], random(5).floats(count));
      const norm = scope.upload('norm', [1], Float32Array.of(bad));
      adamW(gpu, { ...state, gradients, norm, step: 1, ...settings });
      adamW(gpu, { ...state, gradients, norm, step: 2, ...settings, clipNorm: 0 });
      expect(await readState(state)).toEqual(before);
    }),
  );
});

/** Parameters, first moment and second moment of one seed. */
it.each([64, 67])('keeps no subnormal moments of %i parameters without gradients', (count) =>
  withTensors(gpu, async (scope) => {
    const state = {
      parameters: scope.upload('parameters', [count], random(1).floats(count)),
      firstMoment: scope.upload('m', [count], new Float32Array(count).fill(3e-16)),
      secondMoment: scope.upload('v', [count], new Float32Array(count).fill(1.0001e-34)),
    };
    const gradients = scope.upload('gradients', [count], new Float32Array(count).fill(1e-21));
    const norm = scope.upload('norm', [1], Float32Array.of(1));
    const before = await gpu.read(state.parameters);
    for (let step = 1; step <= 40; step++) adamW(gpu, { ...state, gradients, norm, step, learningRate: 1e-3 });
    expect(await gpu.read(state.firstMoment)).toEqual(new Float32Array(count));
    expect(await gpu.read(state.secondMoment)).toEqual(new Float32Array(count));
    expectClose(await gpu.read(state.parameters), before, { absolute: 1e-9, relative: 0 });
  }),
);

function uploadState(scope: Scope, count: number) {
  const { floats } = random(count);
  return {
    parameters: scope.upload('parameters', [count], floats(count)),
    firstMoment: scope.upload('m', [count], new Float32Array(count)),
    secondMoment: scope.upload('v', [count], new Float32Array(count)),
  };
}

const readState = async (state: ReturnType<typeof uploadState>) => ({
  parameters: await gpu.readU32(state.parameters),
  firstMoment: await gpu.readU32(state.firstMoment),
  secondMoment: await gpu.readU32(state.secondMoment),
});

async function compareTrajectory(one: {
  count: number;
  clipNorm?: number;
  weightDecay?: number;
  pageBytes?: number;
  exempt?: { start: number; length: number }[];
}): Promise<void> {
  const { count, exempt = [], ...given } = one;
  await withTensors(gpu, async (scope) => {
    const state = uploadState(scope, count);
    const zeros = () => new Float64Array(count);
    const expected = {
      parameters: Float64Array.from(random(count).floats(count)),
      firstMoment: zeros(),
      secondMoment: zeros(),
    };
    const chosen = { ...settings, ...given };
    const decays = (index: number) =>
      !exempt.some(({ start, length }) => index >= start && index < start + Math.ceil(length / 64) * 64);
    const norm = scope.unwritten('norm', [1]);
    const mask = exemptMask(count, exempt);
    const extra = exempt.length > 0 ? { exempt: scope.upload('exempt', [mask.length], mask) } : {};
    for (let step = 1; step <= 20; step++) {
      const data = random(count + step).floats(count, step === 3 ? 1e-6 : 1);
      const gradients = scope.upload('gradients', [count], data);
      globalNorm(gpu, { gradients, out: norm });
      adamW(gpu, { ...state, ...extra, gradients, norm, step, ...chosen });
      reference.adamW(expected, data, step, { ...chosen, decays });
    }
    expectClose(await gpu.read(state.parameters), expected.parameters, tolerances.adamW, 'parameters');
    expectClose(await gpu.read(state.firstMoment), expected.firstMoment, tolerances.adamW, 'm');
    expectClose(await gpu.read(state.secondMoment), expected.secondMoment, tolerances.adamW, 'v');
  });
}
