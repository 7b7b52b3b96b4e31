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
  const take = (list: readonly Figure[], from: Float32Array | Uint32Array) =>
    sumByName(list.map(([name, , share = 1]) => [name, share * from[at++]!]));
  return {
    batches: batches.map(({ components, warnings }) => ({
      components: take(components, numbers),
      warnings: take(warnings, counts),
    })),
    norm: numbers[0]!,
  };
}

type Figure = readonly [name: string, value: Tensor, share?: number];

const second = ([, value]: Figure): Tensor => value;

function sumByName(entries: readonly (readonly [name: string, value: number])[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const [name, value] of entries) sums[name] = (sums[name] ?? 0) + value;
  return sums;
}
