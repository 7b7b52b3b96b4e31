/** A step's figures: copied into one small tensor on the device and read with one transfer, one step later. */

import type { Gpu, Tensor } from '../device/types.ts';
import { withLeases } from '../device/types.ts';
import type { Objective } from './objective.ts';

export interface StepReport {
  /** Unweighted value of each loss term. */
  readonly components: Readonly<Record<string, number>>;
  /** How often each odd case arose. */
  readonly warnings: Readonly<Record<string, number>>;
  /** Global norm of the gradients before clipping. */
  readonly norm: number;
}

/** Records the copies and begins the read; the objective may be released afterwards. */
export async function readReport(gpu: Gpu, objective: Objective, norm: Tensor): Promise<StepReport> {
  const { components, warnings } = objective;
  const values = [...components.map(([, value]) => value), norm, ...warnings.map(([, count]) => count)];
  const numbers = await withLeases(gpu, (lease) => {
    const report = lease('step report', [values.length]);
    values.forEach((value, index) => {
      gpu.copy(value, gpu.view(report, index, [1]));
    });
    return gpu.read(report);
  });
  const counts = new Uint32Array(numbers.buffer);
  const warningsAt = components.length + 1;
  return {
    components: Object.fromEntries(components.map(([name], index) => [name, numbers[index]!])),
    norm: numbers[components.length]!,
    warnings: Object.fromEntries(warnings.map(([name], index) => [name, counts[warningsAt + index]!])),
  };
}
