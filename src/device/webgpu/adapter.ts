/** Chooses the adapter: hardware, or one by its name; reports which one it is. */
import { create } from 'webgpu';
import { unavailable } from '../../errors.ts';
import type { AdapterReport, KernelForm } from '../types.ts';

/** Dawn's entry object. It owns native threads: a worker thread that still references it never exits. */
export type DawnInstance = ReturnType<typeof create>;

export interface OpenAdapter {
  readonly instance: DawnInstance;
  readonly adapter: GPUAdapter;
  readonly report: AdapterReport;
  readonly form: KernelForm;
}

/** Kernel times in nanoseconds instead of steps of 0.1 ms, which only protect browsers against untrusted pages. */
const toggles = ['disable-dawn-features=timestamp_quantization'];

/** Opens a hardware adapter, or any whose device's name contains `name`. Throws UNAVAILABLE when there is none. */
export async function openAdapter(name?: string): Promise<OpenAdapter> {
  const found = await request(name);
  if (name === undefined ? found?.form === 'workgroup' : found !== undefined) return found!;
  throw unavailable(name === undefined ? 'no GPU was found' : `no adapter is named like "${name}"`, {
    expected: 'an adapter with Vulkan 1.1, Metal or Direct3D 12',
    remedy: 'Install the driver of the GPU (on Linux also the Vulkan loader, libvulkan1), or set TANDEM_ADAPTER=cpu.',
  });
}

/** Dawn's `adapter=` picks by a part of the device's name. */
async function request(name: string | undefined): Promise<OpenAdapter | undefined> {
  const instance = create(name === undefined ? toggles : [...toggles, `adapter=${name}`]);
  const adapter = await instance.requestAdapter({ powerPreference: 'high-performance' }).catch(() => null);
  if (adapter === null) return undefined;
  const software = isSoftware(adapter);
  return { instance, adapter, report: describe(adapter, software), form: software ? 'row' : 'workgroup' };
}

/** Whether the driver computes on the CPU. */
const isSoftware = ({ info }: GPUAdapter): boolean =>
  info.isFallbackAdapter || /swiftshader|llvmpipe|lavapipe|basic render/i.test(`${info.device} ${info.description}`);

function describe(adapter: GPUAdapter, software: boolean): AdapterReport {
  const { info } = adapter;
  return {
    name: info.device || info.description || 'unknown adapter',
    vendor: info.vendor,
    architecture: info.architecture,
    driver: info.description,
    backend: backendOf(process.platform),
    // Dawn's Node binding does not tell discrete from integrated.
    type: software ? 'software' : 'unknown',
    software,
    features: [...adapter.features].sort(),
    limits: limitsOf(adapter.limits),
  };
}

/** The binding does not report the backend; these are Dawn's defaults per platform. */
const backendOf = (platform: NodeJS.Platform): string =>
  platform === 'darwin' ? 'metal' : platform === 'win32' ? 'd3d12' : 'vulkan';

/** A limits object as plain data: its values are getters of the prototype. */
export function limitsOf(limits: GPUSupportedLimits): Record<string, number> {
  const plain: Record<string, number> = {};
  for (const name in limits) {
    const value: unknown = Reflect.get(limits, name);
    if (typeof value === 'number') plain[name] = value;
  }
  return plain;
}
