/** Kernels in which the lanes of a workgroup share an item's work: 64 of them, or in the row form one. */
import type { KernelForm, KernelSpec } from '../device/types.ts';

/**
 * The kernel in both forms; its shader goes by LANES and waits with wait_for_lanes (shaders/common/lanes_*.wgsl).
 * `includesOf`: what else differs between the forms.
 */
export function withSharedLanes<const K extends KernelSpec>(
  kernel: K,
  includesOf: (form: KernelForm) => readonly string[] = () => [],
) {
  const of = (form: KernelForm) => ({
    ...kernel,
    form,
    name: `${kernel.name}_${form}`,
    include: [`common/lanes_${form}.wgsl`, ...includesOf(form), ...(kernel.include ?? [])],
  });
  return { workgroup: of('workgroup'), row: of('row') };
}
