/** Opens a GPU in the thread that calls it: the device thread, or a test process. Only device/webgpu/ touches Dawn. */

import { limitsOf, openAdapter } from './adapter.ts';
import { WebGpuDevice } from './device.ts';

export interface OpenOptions {
  /** A part of the device's name: opens that adapter or none. Absent = a hardware adapter. */
  readonly name?: string | undefined;
}

/** Features that kernels make use of where they exist. */
const useful: readonly GPUFeatureName[] = ['timestamp-query', 'subgroups', 'shader-f16'];

/** Opens the adapter with all of its limits. Throws UNAVAILABLE when there is none. */
export async function openGpu({ name }: OpenOptions = {}): Promise<WebGpuDevice> {
  const { instance, adapter, report, form } = await openAdapter(name);
  const device = await adapter.requestDevice({
    label: 'tandem',
    requiredLimits: limitsOf(adapter.limits),
    requiredFeatures: useful.filter((feature) => adapter.features.has(feature)),
  });
  return new WebGpuDevice({ instance, device, report, form });
}
