/**
 * What computes, as kernels and everything above them see it. No type here names an API such as WebGPU, so that
 * different kinds of devices can stand behind the same interface.
 *
 * How memory is bound: a tensor has memory of its own, or it is a view into a flat tensor (parameters, gradients,
 * optimizer moments) that begins at a multiple of 256 bytes. No dispatch may both read and write the same memory, so
 * one kernel either only reads or only writes a flat tensor; activations are leased one by one from a pool.
 */

import type { TandemError } from '../errors.ts';

export type DType = 'f32' | 'u32';

/**
 * Device memory with a shape, row-major, 4 bytes per element. An opaque handle: only a device makes tensors, with
 * `allocate`, `lease` or `view`, and an object that merely looks like one is refused.
 */
export interface Tensor {
  readonly label: string;
  readonly shape: readonly number[];
  readonly dtype: DType;
}

/**
 * How kernels share work out among the lanes of a workgroup. `workgroup`: lanes share memory and meet at barriers,
 * which suits GPUs. `row`: every lane owns whole rows and no lane waits, which suits devices that run on a CPU.
 */
export type KernelForm = 'workgroup' | 'row';

/** How a device is given its work. */
export interface DeviceTraits {
  readonly form: KernelForm;
  /**
   * Floating-point operations that a long task gives the device at once; Infinity = no bound. Fixed for each form and
   * never measured, because it sets the order of sums: runs record it.
   */
  readonly piece: number;
  /** Whose memory tensors take: the device's own, or the machine's. */
  readonly memory: 'own' | 'host';
  /**
   * Whether products of many rows pack their second operand. Only where a sum in order has the same bits in every
   * kernel, so that a row of a product does not depend on how many there are.
   */
  readonly packs: boolean;
}

/** The traits of adapters whose kernels have that form. Where a CPU computes a piece takes about a second. */
export const deviceTraits: Readonly<Record<KernelForm, DeviceTraits>> = {
  workgroup: { form: 'workgroup', piece: Number.POSITIVE_INFINITY, memory: 'own', packs: false },
  row: { form: 'row', piece: 8e9, memory: 'host', packs: false },
};

/** What some devices can do and others cannot: 16-bit floats, operations across the lanes of a subgroup. */
export type DeviceFeature = 'f16' | 'subgroups';

/** What a kernel is: its WGSL, its bindings in order, its parameters. Plain data; compiled once per device. */
export interface KernelSpec<B extends string = string, P extends string = string> {
  /** Unique name, used as label and cache key together with `header`, `constants`. */
  readonly name: string;
  /** Path below shaders/, for example `norm/layernorm_forward.wgsl`; its entry point is `main`. */
  readonly shader: string;
  /** Paths below shaders/ that are put before it, in order (shared functions). */
  readonly include?: readonly string[];
  /** A `const`/`alias` header put before everything, for sizes that must be const-expressions. */
  readonly header?: string;
  /**
   * Storage bindings: @group(0) @binding(1), (2), ... in this order. `read` = var<storage, read>, `write` =
   * var<storage, read_write>.
   */
  readonly bindings: Readonly<Record<B, 'read' | 'write'>>;
  /**
   * Fields of `params` in WGSL, the uniform at @group(0) @binding(0): 4 bytes each, in this order, in snake_case there.
   */
  readonly params: Readonly<Record<P, 'u32' | 'f32' | 'i32'>>;
  /** `override` constants. */
  readonly constants?: Readonly<Record<string, number>>;
  /** The form of devices that run it; absent = all do. */
  readonly form?: KernelForm;
  /** Device features without which it cannot be compiled. */
  readonly requires?: readonly DeviceFeature[];
}

/** One dispatch of a kernel. `grid` counts workgroups; x above 65535 is folded into y (shader: common/grid.wgsl). */
export interface Dispatch<B extends string, P extends string> {
  readonly bindings: Readonly<Record<B, Tensor>>;
  readonly params: Readonly<Record<P, number>>;
  readonly grid: readonly [x: number, y?: number, z?: number];
}

/** A device in its thread. Commands are recorded in order and run in order; `submit` sends them. */
export interface Gpu {
  readonly adapter: AdapterReport;
  readonly traits: DeviceTraits;
  readonly features: ReadonlySet<DeviceFeature>;
  /** Bytes of the largest tensor that a kernel can bind, a multiple of 256. */
  readonly largestBinding: number;
  /** Bytes that all tensors together may have; Infinity where nothing but the memory itself limits them. */
  readonly mostMemory: number;
  /** Resolves when the device is lost; every later call throws. */
  readonly lost: Promise<TandemError>;
  /** Allocates a zero-filled tensor with memory of its own; `free` ends it. */
  allocate(label: string, shape: readonly number[], dtype?: DType): Tensor;
  free(tensor: Tensor): void;
  /** Leases a tensor with undefined content from the pool of scratch buffers; give it back with `release`. */
  lease(label: string, shape: readonly number[], dtype?: DType): Tensor;
  release(tensor: Tensor): void;
  /**
   * A part of a tensor, or the whole, in another shape: the elements from `first` on. It shares the tensor's memory and
   * lives as long; only the tensor itself is freed or released. Copies take any view, kernels only what `isBindable`.
   */
  view(tensor: Tensor, first: number, shape: readonly number[], label?: string): Tensor;
  /** Whether kernels may bind the tensor: it begins at a multiple of 256 bytes. */
  isBindable(tensor: Tensor): boolean;
  /** Bytes held now and at most: persistent (`allocate`) and pooled (`lease`). */
  memory(): { persistent: number; pooled: number; peak: number };
  /** Records a copy of host data into a tensor, in order with the dispatches around it. */
  write(tensor: Tensor, data: Float32Array | Uint32Array): void;
  /** Records filling a tensor with zeros. */
  clear(tensor: Tensor): void;
  /** Records a copy within the device, of equal byte lengths. Its views may begin at any element. */
  copy(from: Tensor, to: Tensor): void;
  dispatch<B extends string, P extends string>(kernel: KernelSpec<B, P>, call: Dispatch<B, P>): void;
  /** Sends what was recorded. `read` does so by itself. */
  submit(): void;
  read(tensor: Tensor): Promise<Float32Array<ArrayBuffer>>;
  readU32(tensor: Tensor): Promise<Uint32Array<ArrayBuffer>>;
  /** Resolves when everything submitted so far has run. */
  idle(): Promise<void>;
  /**
   * Runs `work` with every dispatch timed by itself (slower). `kernels` is empty where the adapter has no timestamps.
   */
  timed<T>(work: () => Promise<T>): Promise<{ result: T; kernels: KernelTime[] }>;
  /**
   * Runs `work` as a task, interleaved with others at its awaits. What the device reports about its calls and commands
   * is thrown in this task alone, at the latest when it ends; other tasks go on. All calls outside of tasks count as
   * one task.
   */
  task<T>(work: () => Promise<T>): Promise<T>;
  /** Compiles in advance, in parallel. */
  compile(kernels: readonly KernelSpec[]): Promise<void>;
  /** Frees everything; the thread can exit afterwards. */
  destroy(): Promise<void>;
}

/** Device time of all dispatches of one kernel. */
export interface KernelTime {
  readonly kernel: string;
  readonly calls: number;
  readonly milliseconds: number;
}

/** What runs the kernels, as the API, the console and a run's record show it. */
export interface AdapterReport {
  readonly name: string;
  readonly vendor: string;
  readonly architecture: string;
  /** Driver name and version as the driver says it. */
  readonly driver: string;
  /** `vulkan`, `metal`, `d3d12`; `wasm` for the CPU device. */
  readonly backend: string;
  readonly type: 'discrete' | 'integrated' | 'cpu' | 'software' | 'unknown';
  /** True = runs on the CPU. For people to read; `DeviceTraits` say how to treat a device. */
  readonly software: boolean;
  /** Why no GPU computes, where one was looked for and not found. Absent from records of version 0.2. */
  readonly notice?: string | null;
  readonly features: readonly string[];
  readonly limits: Readonly<Record<string, number>>;
}

/** `count` rows of a matrix from row `first` on, as a view. */
export function rowsOf(gpu: Pick<Gpu, 'view'>, matrix: Tensor, first: number, count: number): Tensor {
  const [, columns] = matrix.shape as [number, number];
  return gpu.view(matrix, first * columns, [count, columns]);
}

/** Number of elements of a shape. */
export const elementCount = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);

/**
 * Runs `work`, which records commands. The tensors that it leases through `lease` are released afterwards, also if it
 * throws.
 */
export function withLeases<R>(gpu: Gpu, work: (lease: Gpu['lease']) => R): R {
  const leased: Tensor[] = [];
  try {
    return work((...request) => {
      const tensor = gpu.lease(...request);
      leased.push(tensor);
      return tensor;
    });
  } finally {
    for (const tensor of leased) gpu.release(tensor);
  }
}
