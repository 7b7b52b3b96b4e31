/** How the kernels of norm.ts and rms-norm.ts share rows and columns out among lanes. */
import type { Gpu, KernelSpec } from '../device/types.ts';

/** Columns of one workgroup where a lane owns a column. */
const columns = 64;

/** Workgroups of a kernel whose lanes own columns. */
export const columnsOfGroup = (width: number): number => Math.ceil(width / columns);

/** Rows that one lane sums in the first stage of a parameter's gradient: at least 32, and at most 128 chunks. */
export const chunkOf = (rows: number): number => Math.max(32, Math.ceil(rows / 128));

/**
 * How rows are shared out: 16 lanes a row on GPUs; a lane a row on software adapters, where a barrier costs more than the
 * sum. The order of a row's sum depends on this choice and on the width only.
 */
const sharings = {
  shared: { suffix: '', include: ['common/grid.wgsl', 'norm/row_sum.wgsl'], rows: 4 },
  serial: { suffix: '_serial', include: ['common/grid.wgsl', 'norm/row_sum_serial.wgsl'], rows: 64 },
} as const;
export type RowSharing = keyof typeof sharings;

/** A kernel in both ways of sharing rows. */
export function bothWays<const K extends KernelSpec>(kernel: K) {
  const of = ({ suffix, include }: { suffix: string; include: readonly string[] }) => ({
    ...kernel,
    name: `${kernel.name}${suffix}`,
    include,
  });
  return { shared: of(sharings.shared), serial: of(sharings.serial) };
}

export const sharingFor = (gpu: Gpu, choice?: RowSharing): RowSharing =>
  choice ?? (gpu.adapter.software ? 'serial' : 'shared');
export const rowGroups = (rows: number, sharing: RowSharing) => [Math.ceil(rows / sharings[sharing].rows)] as const;
