/**
 * Kernels over rows in their forms and widths. Both forms read through the alias `Element` of shaders/common/element_*:
 * the row form takes four neighbours at once where a row's width is a multiple of 4, since a CPU adds four numbers as
 * fast as one; the workgroup form always takes one, since a GPU's lanes are narrow.
 */
import type { KernelForm, KernelSpec } from '../device/types.ts';

/** A kernel in its forms; the row form also for rows whose width is a multiple of 4. */
export interface Forms<K> {
  readonly workgroup: K;
  readonly row: K;
  readonly rowOfFours: K;
}

/** The sum over a row in the row form. */
export const sumOfRow = 'common/sum_of_row.wgsl';

type Source = Pick<KernelSpec, 'shader' | 'include'>;

/** The kernel in its forms; `sourceOf`: the shader of a form, and what is put before it, also by the width. */
export function inForms<const K extends Omit<KernelSpec, 'shader' | 'include' | 'form'>>(
  kernel: K,
  sourceOf: (form: KernelForm, neighbours: 1 | 4) => Source,
) {
  const of = (form: KernelForm, neighbours: 1 | 4) => {
    const { shader, include = [] } = sourceOf(form, neighbours);
    return {
      ...kernel,
      form,
      name: `${kernel.name}_${form}${neighbours === 4 ? '_4' : ''}`,
      shader,
      include: [`common/element_${neighbours}.wgsl`, ...include],
    };
  };
  return { workgroup: of('workgroup', 1), row: of('row', 1), rowOfFours: of('row', 4) };
}

/** A kernel of one shader, whose lanes share a row: 64 of them, or in the row form one (shaders/common/lanes_*). */
export const inFormsOfLanes = <const K extends KernelSpec>(kernel: K) =>
  inForms(kernel, (form) => ({
    shader: kernel.shader,
    include: [`common/lanes_${form}.wgsl`, ...(kernel.include ?? [])],
  }));

/**
 * A kernel whose rows are summed: by 64 lanes of a workgroup, which need `reduce`, or by one. `shader` is without
 * `_row.wgsl` and `_workgroup.wgsl`.
 */
export const sumsOverRows = <const K extends KernelSpec>(kernel: K, reduce: string) =>
  inForms(kernel, (form) => ({
    shader: `${kernel.shader}_${form}.wgsl`,
    include: form === 'row' ? [sumOfRow] : ['common/lanes_workgroup.wgsl', reduce],
  }));

/**
 * The kernel for rows that are `width` wide, and how many elements that are. `others`: what else must be a multiple of
 * 4 to take four at once, for example where a row begins.
 */
export function forWidth<K>(kernels: Forms<K>, form: KernelForm, width: number, ...others: readonly number[]) {
  const neighbours = form === 'row' && [width, ...others].every((size) => size % 4 === 0) ? 4 : 1;
  return { kernel: neighbours === 4 ? kernels.rowOfFours : kernels[form], width: width / neighbours, neighbours };
}
