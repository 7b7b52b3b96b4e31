/**
 * Chooses what computes, in the thread that calls: a hardware adapter if there is one, else the CPU device. Dawn is
 * loaded only where an adapter is asked for, and a machine where it cannot be loaded still has its CPU.
 */
import { unavailable } from '../errors.ts';
import type { Gpu } from './types.ts';
import { openWasm } from './wasm/open.ts';
import type { SimdKind } from './wasm/simd.ts';
import type { WebGpuDevice } from './webgpu/device.ts';
import { tryDawn } from './webgpu/trial.ts';
import { hasGraphicsApi } from './webgpu/vulkan-loader.ts';

export interface DeviceChoice {
  /** `auto`: hardware first, else the CPU. `gpu`: hardware. `cpu`. Else an adapter, by a part of its name. */
  readonly adapter: string;
  /** Computing threads of the CPU device; undefined = as many as there are cores for this process. */
  readonly threads?: number | undefined;
  /** SIMD instructions of the CPU device; undefined = relaxed where the engine has them. */
  readonly simd?: SimdKind | undefined;
}

/** Throws UNAVAILABLE where the adapter that was asked for is not there. */
export async function openDevice({ adapter, threads, simd }: DeviceChoice): Promise<Gpu> {
  if (adapter === 'cpu') return openWasm({ threads, simd });
  const opened = await openAdapter(adapter).catch((error: unknown) => {
    if (adapter !== 'auto') throw error;
    return error instanceof Error ? error : new Error(String(error));
  });
  return opened instanceof Error ? openWasm({ threads, simd, noGpu: opened.message }) : opened;
}

async function openAdapter(adapter: string): Promise<WebGpuDevice> {
  if (!hasGraphicsApi()) {
    throw unavailable('no GPU was found: there is no Vulkan loader (libvulkan.so.1)', {
      remedy: 'Install the driver of the GPU and the Vulkan loader (libvulkan1), or set TANDEM_ADAPTER=cpu.',
    });
  }
  await tryDawn();
  const { openGpu } = await import('./webgpu/open.ts').catch((error: unknown) => {
    // The lines after the first are a list of modules.
    const [why] = String(error instanceof Error ? error.message : error).split('\n');
    throw unavailable(`Dawn, which drives GPUs, cannot be loaded: ${why}`, {
      remedy: 'Reinstall the npm package webgpu, or set TANDEM_ADAPTER=cpu.',
    });
  });
  return openGpu(adapter === 'auto' || adapter === 'gpu' ? {} : { name: adapter });
}
