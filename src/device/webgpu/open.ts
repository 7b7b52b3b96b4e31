/**
 * Opens a device in the thread that calls it: the device thread, or a test process. Call `prepareVulkan` in the
 * process's main thread first. Nothing outside device/webgpu/ touches Dawn.
 */

import { limitsOf, openAdapter } from './adapter.ts';
import { WebGpuDevice } from './device.ts';

export interface OpenOptions {
  readonly adapter: 'auto' | 'software';
  /** A part of the device's name: opens that adapter or none. */
  readonly name?: string;
  readonly label?: string;
}

/** Features that kernels make use of where they exist. */
const useful: readonly GPUFeatureName[] = ['timestamp-query', 'subgroups', 'shader-f16'];

/** Opens the best adapter with all of its limits. Throws UNAVAILABLE when there is none. */
export async function openGpu({ adapter: kind, name, label = 'tandem' }: OpenOptions): Promise<WebGpuDevice> {
  const { instance, adapter, report, form } = await openAdapter(kind, name);
  const device = await adapter.requestDevice({
    label,
    requiredLimits: limitsOf(adapter.limits),
    requiredFeatures: useful.filter((feature) => adapter.features.has(feature)),
  });
  return new WebGpuDevice({ instance, device, report, form });
}
