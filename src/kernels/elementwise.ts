/** Elementwise kernels, f32: sum, scaling, GELU and tanh forward and backward, dropout. Shapes of inputs and outputs are equal. */
import { elementCount, type Gpu, type KernelSpec, type Tensor } from '../gpu/types.ts';

const addKernel: KernelSpec<'a' | 'b' | 'out', 'count'> = {
  name: 'add',
  include: ['common/grid.wgsl'],
  shader: 'elementwise/add.wgsl',
  bindings: { a: 'read', b: 'read', out: 'write' },
  params: { count: 'u32' },
};

const scaleKernel: KernelSpec<'x' | 'out', 'count' | 'factor'> = {
  name: 'scale',
  include: ['common/grid.wgsl'],
  shader: 'elementwise/scale.wgsl',
  bindings: { x: 'read', out: 'write' },
  params: { count: 'u32', factor: 'f32' },
};

const geluForwardKernel: KernelSpec<'x' | 'out', 'count'> = {
  name: 'gelu-forward',
  include: ['common/grid.wgsl', 'elementwise/normal_cdf.wgsl'],
  shader: 'elementwise/gelu_forward.wgsl',
  bindings: { x: 'read', out: 'write' },
  params: { count: 'u32' },
};

const geluBackwardKernel: KernelSpec<'x' | 'dOut' | 'dX', 'count'> = {
  name: 'gelu-backward',
  include: ['common/grid.wgsl', 'elementwise/normal_cdf.wgsl'],
  shader: 'elementwise/gelu_backward.wgsl',
  bindings: { x: 'read', dOut: 'read', dX: 'write' },
  params: { count: 'u32' },
};

const tanhForwardKernel: KernelSpec<'x' | 'out', 'count'> = {
  name: 'tanh-forward',
  include: ['common/grid.wgsl', 'elementwise/tanh.wgsl'],
  shader: 'elementwise/tanh_forward.wgsl',
  bindings: { x: 'read', out: 'write' },
  params: { count: 'u32' },
};

const tanhBackwardKernel: KernelSpec<'y' | 'dOut' | 'dX', 'count'> = {
  name: 'tanh-backward',
  include: ['common/grid.wgsl'],
  shader: 'elementwise/tanh_backward.wgsl',
  bindings: { y: 'read', dOut: 'read', dX: 'write' },
  params: { count: 'u32' },
};

const dropoutKernel: KernelSpec<
  'x' | 'tokenSample' | 'tokenPosition' | 'out',
  'tokens' | 'channels' | 'seed' | 'stream' | 'threshold' | 'keepScale'
> = {
  name: 'dropout',
  include: ['common/grid.wgsl', 'common/threefry.wgsl'],
  shader: 'elementwise/dropout.wgsl',
  bindings: { x: 'read', tokenSample: 'read', tokenPosition: 'read', out: 'write' },
  params: { tokens: 'u32', channels: 'u32', seed: 'u32', stream: 'u32', threshold: 'u32', keepScale: 'f32' },
};

/** Every kernel of this file. */
export const elementwiseKernels: readonly KernelSpec[] = [
  addKernel,
  scaleKernel,
  geluForwardKernel,
  geluBackwardKernel,
  tanhForwardKernel,
  tanhBackwardKernel,
  dropoutKernel,
];

/** Workgroups of 64 invocations, 4 elements each. */
const gridOf = (count: number): [number] => [Math.ceil(count / 256)];

/** out = a + b */
export function add(gpu: Gpu, { a, b, out }: { a: Tensor; b: Tensor; out: Tensor }): void {
  const count = sameCount(a, b, out);
  gpu.dispatch(addKernel, { bindings: { a, b, out }, params: { count }, grid: gridOf(count) });
}

/** out = factor * x */
export function scale(gpu: Gpu, { x, out, factor }: { x: Tensor; out: Tensor; factor: number }): void {
  const count = sameCount(x, out);
  gpu.dispatch(scaleKernel, { bindings: { x, out }, params: { count, factor }, grid: gridOf(count) });
}

/** out = x Phi(x), the exact GELU (Hendrycks and Gimpel 2016); Phi to 1.5e-7 absolute. */
export function geluForward(gpu: Gpu, { x, out }: { x: Tensor; out: Tensor }): void {
  const count = sameCount(x, out);
  gpu.dispatch(geluForwardKernel, { bindings: { x, out }, params: { count }, grid: gridOf(count) });
}

/** dX = dOut (Phi(x) + x phi(x)); `x` is the forward's input. */
export function geluBackward(gpu: Gpu, { x, dOut, dX }: { x: Tensor; dOut: Tensor; dX: Tensor }): void {
  const count = sameCount(x, dOut, dX);
  gpu.dispatch(geluBackwardKernel, { bindings: { x, dOut, dX }, params: { count }, grid: gridOf(count) });
}

/** out = tanh(x) */
export function tanhForward(gpu: Gpu, { x, out }: { x: Tensor; out: Tensor }): void {
  const count = sameCount(x, out);
  gpu.dispatch(tanhForwardKernel, { bindings: { x, out }, params: { count }, grid: gridOf(count) });
}

/** dX = dOut (1 - y^2); `y` is the forward's result. */
export function tanhBackward(gpu: Gpu, { y, dOut, dX }: { y: Tensor; dOut: Tensor; dX: Tensor }): void {
  const count = sameCount(y, dOut, dX);
  gpu.dispatch(tanhBackwardKernel, { bindings: { y, dOut, dX }, params: { count }, grid: gridOf(count) });
}

export interface DropoutOptions {
  /** [T, C] */
  readonly x: Tensor;
  readonly out: Tensor;
  /** [T] u32: the text's index in the global batch; the same whatever micro-batch it is in. */
  readonly tokenSample: Tensor;
  /** [T] u32: the token's position in its text, below 65536. */
  readonly tokenPosition: Tensor;
  /** Probability of dropping a value, in [0, 1); rounded to a multiple of 2^-16. */
  readonly rate: number;
  /** u32 */
  readonly seed: number;
  /** u32: the update that is being made. */
  readonly step: number;
  /** Number of the place in the network, different for every use of dropout. */
  readonly site: number;
}

/**
 * Inverted dropout: out = 0 with probability `rate`, else x / (1 - rate). Whether an element is dropped depends on (seed,
 * step, site, sample, position, channel) only; with dOut for x the same call is the backward pass.
 * Threefry-2x32-20 under the key (seed, streamOf(step, site)); see shaders/elementwise/dropout.wgsl for the counter.
 */
export function dropout(gpu: Gpu, options: DropoutOptions): void {
  const { x, out, tokenSample, tokenPosition, rate, seed } = options;
  sameCount(x, out);
  const [tokens, channels] = [x.shape[0] ?? 0, x.shape[1] ?? 0];
  if (x.shape.length !== 2 || tokenSample.shape[0] !== tokens || tokenPosition.shape[0] !== tokens) {
    throw new Error(`dropout: x [${x.shape}], samples [${tokenSample.shape}], positions [${tokenPosition.shape}]`);
  }
  if (!(rate >= 0 && rate < 1)) throw new Error(`dropout: rate is ${rate}, expected at least 0 and below 1`);
  gpu.dispatch(dropoutKernel, {
    bindings: { x, tokenSample, tokenPosition, out },
    params: {
      tokens,
      channels,
      seed: seed >>> 0,
      stream: streamOf(options),
      threshold: Math.round(rate * 65_536),
      keepScale: 1 / (1 - rate),
    },
    grid: [Math.ceil((tokens * Math.ceil(channels / 4)) / 64)],
  });
}

/** Second word of a dropout key: the step, and the site spread over all bits (golden ratio), so that sites never meet. */
export const streamOf = ({ step, site }: { step: number; site: number }): number =>
  (step ^ Math.imul(site + 1, 0x9e3779b9)) >>> 0;

function sameCount(first: Tensor, ...others: readonly Tensor[]): number {
  const count = elementCount(first.shape);
  for (const tensor of others) {
    if (elementCount(tensor.shape) !== count) {
      throw new Error(`tensor ${tensor.label} has shape [${tensor.shape}], ${first.label} has [${first.shape}]`);
    }
  }
  return count;
}
