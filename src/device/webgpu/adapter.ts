/** Chooses the adapter: hardware first, then the faster of the software adapters; reports which one it is. */
import { create } from 'webgpu';
import { unavailable } from '../../errors.ts';
import type { AdapterReport, KernelForm } from '../types.ts';
import { softwareRemedy } from './software-vulkan.ts';

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

/** Software drivers by speed. Dawn's `adapter=` picks by a part of the device's name. */
const softwareNames = ['llvmpipe', 'SwiftShader'];

/**
 * Opens an adapter. `only` is a part of a device's name and insists on that adapter (TANDEM_TEST_ADAPTER in tests).
 * Throws UNAVAILABLE when there is none, with the remedy.
 */
export async function openAdapter(kind: 'auto' | 'software', only?: string): Promise<OpenAdapter> {
  if (only !== undefined) return (await request({ name: only })) ?? refuse(`no adapter is named like "${only}"`);
  if (kind === 'auto') {
    const first = await request({});
    if (first !== undefined && first.form === 'workgroup') return first;
  }
  for (const name of softwareNames) {
    const found = await request({ name });
    if (found !== undefined) return found;
  }
  const fallback = await request({ fallback: true });
  if (fallback !== undefined) return fallback;
  return refuse(
    kind === 'software' ? 'no software adapter was found' : 'no GPU adapter was found, neither hardware nor software',
  );
}

function refuse(message: string): never {
  throw unavailable(message, { expected: 'an adapter with Vulkan 1.1, Metal or Direct3D 12', remedy: softwareRemedy });
}

async function request(options: { name?: string; fallback?: boolean }): Promise<OpenAdapter | undefined> {
  const instance = create(options.name === undefined ? toggles : [...toggles, `adapter=${options.name}`]);
  const adapter = await instance
    .requestAdapter({ powerPreference: 'high-performance', forceFallbackAdapter: options.fallback ?? false })
    .catch(() => null);
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
