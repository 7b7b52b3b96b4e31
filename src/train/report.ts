/** A step's figures: copied into one small tensor on the device and read with one transfer, one step later. */

import type { Gpu, Tensor } from '../device/types.ts';
import { withLeases } from '../device/types.ts';
import type { RecordedStep } from './gradients.ts';

export interface StepReport {
  /** In the order of the update's batches. */
  readonly batches: readonly {
    /** Unweighted value of each loss term. */
    readonly components: Readonly<Record<string, number>>;
    /** How often each odd case arose. */
    readonly warnings: Readonly<Record<string, number>>;
  }[];
  /** Global norm of the gradients before clipping. */
  readonly norm: number;
}

/** Records the copies and begins the read; what was recorded may be released afterwards. */
export async function readReport(gpu: Gpu, { batches }: RecordedStep, norm: Tensor): Promise<StepReport> {
  const values = [norm, ...batches.flatMap(({ components, warnings }) => [...components, ...warnings]).map(second)];
  const numbers = await withLeases(gpu, (lease) => {
    const report = lease('step report', [values.length]);
    values.forEach((value, index) => {
      gpu.copy(value, gpu.view(report, index, [1]));
    });
    return gpu.read(report);
  });
  const counts = new Uint32Array(numbers.buffer);
  let at = 1;
  const take = (list: readonly (readonly [string, Tensor])[], from: Float32Array | Uint32Array) =>
    Object.fromEntries(list.map(([name]) => [name, from[at++]!]));
  return {
    batches: batches.map(({ components, warnings }) => ({
      components: take(components, numbers),
      warnings: take(warnings, counts),
    })),
    norm: numbers[0]!,
  };
}

const second = ([, value]: readonly [string, Tensor]): Tensor => value;
