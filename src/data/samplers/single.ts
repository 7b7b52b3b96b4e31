/** The sampler "single" (docs/method.md section 3): one batch size, that of IR, for both tasks. */
import type { Sampler } from './sampler.ts';

export const single: Sampler = {
  sizes: ({ irBatchSize }) => ({ ir: irBatchSize, sts: irBatchSize, perUpdate: 1 }),
};
