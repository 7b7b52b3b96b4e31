/** The pool of scratch buffers, over work of many sizes; of a device of its own, whose pool nothing else has filled. */
import { describe, expect, it } from 'vitest';
import type { Gpu } from '../../../src/device/types.ts';
import { openTestGpu } from '../../device.ts';

/** Ten buffers of so many values at a time, as a micro-batch holds its activations. */
function work(gpu: Gpu, values: number): void {
  const tensors = Array.from({ length: 10 }, () => gpu.lease('activation', [values]));
  for (const tensor of tensors) gpu.release(tensor);
}

describe('scratch buffers', () => {
  it('hold what the largest batch needs, in whatever order batches of many sizes come', async () => {
    const gpu = await openTestGpu();
    const largest = 300_000;
    work(gpu, largest);
    const { pooled } = gpu.memory();
    for (const share of [0.55, 0.7, 0.62, 0.95, 0.8, 1]) work(gpu, Math.floor(largest * share));
    expect(gpu.memory().pooled).toBe(pooled);
    await gpu.destroy();
  });

  it('take the place of those that are a little too small', async () => {
    const gpu = await openTestGpu();
    work(gpu, 800_000);
    const { pooled } = gpu.memory();
    work(gpu, 1_000_000);
    // Ten buffers of 800,000 values went, ten of a million came (sizes go in eighths).
    expect(gpu.memory().pooled - pooled).toBeLessThanOrEqual(10 * 4 * 300_000);
    await gpu.destroy();
  });
});
