/** How the kernels of norm.ts and rms-norm.ts share rows and columns out among lanes. */
import type { Gpu, KernelForm, KernelSpec } from '../device/types.ts';
import { inForms, sumOfRow } from './forms.ts';

/** Columns of one workgroup where a lane owns a column. */
const columns = 64;

/** Workgroups of a kernel whose lanes own columns; `width` counts elements. */
export const columnsOfGroup = (width: number): number => Math.ceil(width / columns);

/** Rows that one lane sums in the first stage of a parameter's gradient: at least 32, and at most 128 chunks. */
export const chunkOf = (rows: number): number => Math.max(32, Math.ceil(rows / 128));

/**
 * Rows of a workgroup of 64 lanes: 16 lanes share a row, or a lane owns one, because on a CPU a barrier costs more than
 * the sum. The order of a row's sum depends on the form and on the width only.
 */
const rowsOfGroup: Readonly<Record<KernelForm, number>> = { workgroup: 4, row: 64 };

/** What kernels with shaders of their own for each form say: `shader` without `_row.wgsl` and `_workgroup.wgsl`. */
type NormKernel = Omit<KernelSpec, 'include' | 'form'>;

/** A kernel whose rows are summed; `rowSums`: what its row form sums with. */
export const normOfRows = <const K extends NormKernel>(kernel: K, rowSums: readonly string[] = [sumOfRow]) =>
  inForms(kernel, (form) => ({
    shader: `${kernel.shader}_${form}.wgsl`,
    include: ['common/grid.wgsl', ...(form === 'row' ? rowSums : ['norm/row_sum_workgroup.wgsl'])],
  }));

/** A kernel whose columns are summed over chunks of rows. */
export const normOfColumns = <const K extends NormKernel>(kernel: K) =>
  inForms(kernel, (form) => ({ shader: `${kernel.shader}_${form}.wgsl`, include: ['common/grid.wgsl'] }));

export const formFor = (gpu: Gpu, choice?: KernelForm): KernelForm => choice ?? gpu.traits.form;
export const rowGroups = (rows: number, form: KernelForm) => [Math.ceil(rows / rowsOfGroup[form])] as const;

/** Workgroups of the first stage: in the row form a lane owns a chunk. */
export const chunkGroups = (chunks: number, columnGroups: number, form: KernelForm) =>
  [form === 'row' ? chunks : chunks * columnGroups] as const;
