/** What a run leaves behind on a device that goes on to serve others, when it fails half-way: no lease, no stray rejection. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openGpu } from '../../src/gpu/open.ts';
import type { Gpu, Tensor } from '../../src/gpu/types.ts';
import type { RunSettings } from '../../src/train/catalog.ts';
import { train } from '../../src/train/loop.ts';
import { testGpu } from '../gpu.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { prepareTinyRun, tinySettings } from './fixture.ts';

const folder = temporaryFolder();

/** The device with a count of its leases, and a dispatch or lease number `failAt` that is refused. */
function failing(gpu: Gpu, failAt: number) {
  const held = new Map<Tensor['buffer'], string>();
  let calls = 0;
  const count = (what: string): void => {
    calls += 1;
    if (calls === failAt) throw new Error(`refused: ${what}`);
  };
  const changed: Partial<Gpu> = {
    lease: (label, shape, dtype) => {
      count(label);
      const tensor = gpu.lease(label, shape, dtype);
      held.set(tensor.buffer, label);
      return tensor;
    },
    release: (tensor) => {
      held.delete(tensor.buffer);
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

async function attempt(gpu: Gpu, settings: RunSettings, turn = async (): Promise<void> => {}) {
  const { input } = await prepareTinyRun(folder(), settings);
  await train(gpu, input, { emit: () => {}, signal: new AbortController().signal, turn });
}

describe.each([{ microBatchTokens: 4096 }, { microBatchTokens: 64 }])('a run of %o', ({ microBatchTokens }) => {
  it('gives every lease back wherever it fails', async () => {
    const gpu = await testGpu();
    const settings = tinySettings({ maxBatches: 3, microBatchTokens });
    const whole = failing(gpu, -1);
    await attempt(whole.proxy, settings);
    expect([...whole.held.values()]).toEqual([]);
    const stride = Math.ceil(whole.calls() / 40);
    for (let failAt = 1; failAt < whole.calls(); failAt += stride) {
      const { proxy, held } = failing(gpu, failAt);
      await expect(attempt(proxy, settings)).rejects.toThrow('refused');
      // The scratch of the attention's backward pass is not under test here.
      const left = [...held.values()].filter((label) => label !== 'attention.rows');
      expect(left, `after call ${failAt}`).toEqual([]);
    }
  });
});

describe('a device that goes away while a run works in pieces', () => {
  const stray: unknown[] = [];
  const note = (reason: unknown): void => void stray.push(reason);
  beforeEach(() => process.on('unhandledRejection', note));
  afterEach(() => process.off('unhandledRejection', note));

  it('rejects the run and nothing else', async () => {
    const gpu = await openGpu({ adapter: 'auto' });
    let turns = 0;
    const turn = async (): Promise<void> => {
      turns += 1;
      if (turns < 3) return;
      await gpu.destroy();
      throw new Error('given up');
    };
    await expect(attempt(gpu, tinySettings({ microBatchTokens: 64 }), turn)).rejects.toThrow();
    await new Promise((resume) => setTimeout(resume, 50));
    expect(stray).toEqual([]);
  });
});
