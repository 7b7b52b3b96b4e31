/**
 * The sampler "mixed" (docs/method.md section 3): an update has several shards, each of one data set, which together
 * have the batch size of IR.
 */
import { badInput } from '../../errors.ts';
import type { Sampler } from './sampler.ts';

export const mixed: Sampler = {
  sizes({ irBatchSize, shardsPerUpdate }) {
    if (irBatchSize % shardsPerUpdate !== 0) {
      throw badInput(`${shardsPerUpdate} shards do not divide the batch size of ${irBatchSize}`, {
        field: 'input.settings.shardsPerUpdate',
        expected: 'a divisor of irBatchSize',
        remedy: 'Change shardsPerUpdate or irBatchSize.',
      });
    }
    const size = irBatchSize / shardsPerUpdate;
    return { ir: size, sts: size, perUpdate: shardsPerUpdate };
  },
};
