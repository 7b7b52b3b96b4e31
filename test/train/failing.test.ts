/**
 * What a run leaves behind on a device that goes on to serve others, when it fails half-way: no lease, no stray
 * rejection.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Gpu, Tensor } from '../../src/device/types.ts';
import type { RunSettings } from '../../src/train/catalog.ts';
import { train } from '../../src/train/loop.ts';
import { openTestGpu, testGpu } from '../device.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { prepareTinyRun, type TinyRun, tinySettings } from './fixture.ts';

const folder = temporaryFolder();

/** The device with a count of its leases, and a dispatch or lease number `failAt` that is refused. */
function failing(gpu: Gpu, failAt: number) {
  const held = new Map<Tensor, string>();
  let calls = 0;
  const count = (what: string): void => {
    calls += 1;
    if (calls === failAt) throw new Error(`refused: ${what}`);
  };
  const changed: Partial<Gpu> = {
    lease: (label, shape, dtype) => {
      count(label);
      const tensor = gpu.lease(label, shape, dtype);
      held.set(tensor, label);
      return tensor;
    },
    release: (tensor) => {
      held.delete(tensor);
      gpu.release(tensor);
    },
    dispatch: (kernel, call) => {
      count(kernel.name);
      gpu.dispatch(kernel, call);
    },
  };
  const proxy = new Proxy(gpu, {
    get: (target, key) => {
      const value: unknown = Reflect.get(changed, key) ?? Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  return { proxy, held, calls: () => calls };
}

interface Attempt {
  readonly settings: RunSettings;
  readonly pieceTokens?: number;
  readonly turn?: () => Promise<void>;
}

/** The model and the data of every attempt, published once. */
let prepared: Promise<TinyRun> | undefined;

async function attempt(gpu: Gpu, { settings, pieceTokens = Number.POSITIVE_INFINITY, turn = async () => {} }: Attempt) {
  prepared ??= prepareTinyRun(folder(), settings);
  const { input, storage } = await prepared;
  await train(
    gpu,
    storage,
    { ...input, settings },
    { emit: () => {}, signal: new AbortController().signal, turn, pieceTokens },
  );
}

describe.each([
  { microBatchTokens: 4096 },
  { microBatchTokens: 64 },
  // Several tapes are open at once.
  { microBatchTokens: 4096, pieceTokens: 64 },
])('a run of %o', ({ microBatchTokens, ...pieces }) => {
  it('gives every lease back wherever it fails', async () => {
    const gpu = await testGpu();
    const settings = tinySettings({ maxBatches: 3, microBatchTokens });
    const whole = failing(gpu, -1);
    await attempt(whole.proxy, { settings, ...pieces });
    expect([...whole.held.values()]).toEqual([]);
    const stride = Math.ceil(whole.calls() / 40);
    for (let failAt = 1; failAt < whole.calls(); failAt += stride) {
      const { proxy, held } = failing(gpu, failAt);
      await expect(attempt(proxy, { settings, ...pieces })).rejects.toThrow('refused');
      // The scratch of the attention's backward pass is not under test here.
      const left = [...held.values()].filter((label) => label !== 'attention.rows');
      expect(left, `after call ${failAt}`).toEqual([]);
    }
  });
});

describe('a run that is given up between two pieces of a step', () => {
  it.each([{ microBatchTokens: 64 }, { microBatchTokens: 4096, pieceTokens: 64 }])(
    'gives every lease back: %o',
    async ({ microBatchTokens, ...pieces }) => {
      const { proxy, held } = failing(await testGpu(), -1);
      const heldAtTurn: number[] = [];
      const turn = async (): Promise<void> => {
        heldAtTurn.push(held.size);
        if (heldAtTurn.length === 4) throw new Error('given up');
      };
      const settings = tinySettings({ microBatchTokens });
      await expect(attempt(proxy, { settings, turn, ...pieces })).rejects.toThrow('given up');
      expect(heldAtTurn.at(-1)).toBeGreaterThan(0);
      expect([...held.values()]).toEqual([]);
    },
  );
});

describe.each([{ microBatchTokens: 64 }, { microBatchTokens: 4096, pieceTokens: 64 }])(
  'a device that goes away while a run works in pieces: %o',
  ({ microBatchTokens, ...pieces }) => {
    const stray: unknown[] = [];
    const note = (reason: unknown): void => void stray.push(reason);
    beforeEach(() => process.on('unhandledRejection', note));
    afterEach(() => process.off('unhandledRejection', note));

    it('rejects the run and nothing else', async () => {
      const gpu = await openTestGpu();
      let turns = 0;
      const turn = async (): Promise<void> => {
        turns += 1;
        if (turns < 3) return;
        await gpu.destroy();
        throw new Error('given up');
      };
      await expect(attempt(gpu, { settings: tinySettings({ microBatchTokens }), turn, ...pieces })).rejects.toThrow();
      await new Promise((resume) => setTimeout(resume, 50));
      expect(stray).toEqual([]);
    });
  },
);
