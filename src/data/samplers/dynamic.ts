/** The sampler "dynamic" (docs/method.md section 3): IR and STS have their own batch sizes. */
import type { Sampler } from './sampler.ts';

export const dynamic: Sampler = {
  sizes: ({ irBatchSize, stsBatchSize }) => ({ ir: irBatchSize, sts: stsBatchSize, perUpdate: 1 }),
};
