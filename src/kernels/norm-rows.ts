/** How the kernels of norm.ts and rms-norm.ts share rows and columns out among lanes. */
import type { Gpu, KernelForm, KernelSpec } from '../device/types.ts';

/** Columns of one workgroup where a lane owns a column. */
const columns = 64;

/** Workgroups of a kernel whose lanes own columns. */
export const columnsOfGroup = (width: number): number => Math.ceil(width / columns);

/** Rows that one lane sums in the first stage of a parameter's gradient: at least 32, and at most 128 chunks. */
export const chunkOf = (rows: number): number => Math.max(32, Math.ceil(rows / 128));

/**
 * Rows of a workgroup of 64 lanes: 16 lanes share a row, or a lane owns one, because on a CPU a barrier costs more than
 * the sum. The order of a row's sum depends on the form and on the width only.
 */
const rowsOfGroup: Readonly<Record<KernelForm, number>> = { workgroup: 4, row: 64 };

/** A kernel in both forms. */
export function inBothForms<const K extends KernelSpec>(kernel: K) {
  const of = (form: KernelForm) => ({
    ...kernel,
    form,
    name: `${kernel.name}_${form}`,
    include: ['common/grid.wgsl', `norm/row_sum_${form}.wgsl`],
  });
  return { workgroup: of('workgroup'), row: of('row') };
}

export const formFor = (gpu: Gpu, choice?: KernelForm): KernelForm => choice ?? gpu.traits.form;
export const rowGroups = (rows: number, form: KernelForm) => [Math.ceil(rows / rowsOfGroup[form])] as const;
