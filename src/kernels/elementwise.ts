/**
 * Elementwise kernels, f32: sum, scaling, GELU forward and backward, dropout. Shapes of inputs and outputs are equal.
 */
import { elementCount, type Gpu, type KernelSpec, type Tensor } from '../device/types.ts';

/** A kernel in two widths: four elements at a time where the count is a multiple of 4, else one at a time. */
export interface Widths<B extends string, P extends string> {
  readonly wide: KernelSpec<B, P>;
  readonly single: KernelSpec<B, P>;
}

export function widths<B extends string, P extends string>(spec: KernelSpec<B, P>): Widths<B, P> {
  return {
    wide: { ...spec, name: `${spec.name}-4`, header: 'alias Element = vec4f;' },
    single: { ...spec, name: `${spec.name}-1`, header: 'alias Element = f32;' },
  };
}

const addKernels = widths<'a' | 'b' | 'out', 'count'>({
  name: 'add',
  include: ['common/grid.wgsl'],
  shader: 'elementwise/add.wgsl',
  bindings: { a: 'read', b: 'read', out: 'write' },
  params: { count: 'u32' },
});

const scaleKernels = widths<'x' | 'out', 'count' | 'factor'>({
  name: 'scale',
  include: ['common/grid.wgsl'],
  shader: 'elementwise/scale.wgsl',
  bindings: { x: 'read', out: 'write' },
  params: { count: 'u32', factor: 'f32' },
});

const geluForwardKernels = widths<'x' | 'out', 'count'>({
  name: 'gelu-forward',
  include: ['common/grid.wgsl', 'elementwise/normal_cdf.wgsl'],
  shader: 'elementwise/gelu_forward.wgsl',
  bindings: { x: 'read', out: 'write' },
  params: { count: 'u32' },
});

const geluBackwardKernels = widths<'x' | 'dOut' | 'dX', 'count'>({
  name: 'gelu-backward',
  include: ['common/grid.wgsl', 'elementwise/normal_cdf.wgsl'],
  shader: 'elementwise/gelu_backward.wgsl',
  bindings: { x: 'read', dOut: 'read', dX: 'write' },
  params: { count: 'u32' },
});

type DropoutKernel = KernelSpec<
  'x' | 'tokenSample' | 'tokenPosition' | 'out',
  'tokens' | 'channels' | 'seed' | 'stream' | 'threshold' | 'keepScale'
>;

const dropoutSpec = (name: string, element: string, random: string): DropoutKernel => ({
  name: `dropout-${name}`,
  header: `alias Element = ${element};`,
  include: ['common/grid.wgsl', random, 'elementwise/dropout_interface.wgsl'],
  shader: `elementwise/dropout_${name}.wgsl`,
  bindings: { x: 'read', tokenSample: 'read', tokenPosition: 'read', out: 'write' },
  params: { tokens: 'u32', channels: 'u32', seed: 'u32', stream: 'u32', threshold: 'u32', keepScale: 'f32' },
});

const dropoutAligned = dropoutSpec('aligned', 'vec4f', 'common/threefry_four.wgsl');
const dropoutAny = dropoutSpec('any', 'f32', 'common/threefry.wgsl');

/** Every kernel of this file. */
export const elementwiseKernels: readonly KernelSpec[] = [
  ...[addKernels, scaleKernels, geluForwardKernels, geluBackwardKernels].flatMap(({ wide, single }) => [wide, single]),
  dropoutAligned,
  dropoutAny,
];

/** Workgroups of 64 invocations, four elements each, because starting a workgroup is expensive on a CPU. */
const gridOf = (elements: number): [number] => [Math.ceil(elements / 256)];

/** Runs one width of a kernel over tensors of equal counts. */
export function dispatchWidths<B extends string, P extends string>(
  gpu: Gpu,
  { wide, single }: Widths<B, P>,
  bindings: Readonly<Record<B, Tensor>>,
  paramsFor: (count: number) => Readonly<Record<P, number>>,
): void {
  const [first, ...others] = Object.values<Tensor>(bindings);
  const elements = sameCount(first!, ...others);
  const isWide = elements % 4 === 0;
  const count = isWide ? elements / 4 : elements;
  gpu.dispatch(isWide ? wide : single, { bindings, params: paramsFor(count), grid: gridOf(count) });
}

/** out = a + b */
export function add(gpu: Gpu, { a, b, out }: { a: Tensor; b: Tensor; out: Tensor }): void {
  dispatchWidths(gpu, addKernels, { a, b, out }, (count) => ({ count }));
}

/** out = factor * x */
export function scale(gpu: Gpu, { x, out, factor }: { x: Tensor; out: Tensor; factor: number }): void {
  dispatchWidths(gpu, scaleKernels, { x, out }, (count) => ({ count, factor }));
}

/** out = x Phi(x), the exact GELU (Hendrycks and Gimpel 2016); Phi to 1.5e-7 absolute. */
export function geluForward(gpu: Gpu, { x, out }: { x: Tensor; out: Tensor }): void {
  dispatchWidths(gpu, geluForwardKernels, { x, out }, (count) => ({ count }));
}

/** dX = dOut (Phi(x) + x phi(x)); `x` is the forward's input. */
export function geluBackward(gpu: Gpu, { x, dOut, dX }: { x: Tensor; dOut: Tensor; dX: Tensor }): void {
  dispatchWidths(gpu, geluBackwardKernels, { x, dOut, dX }, (count) => ({ count }));
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
 * Inverted dropout: out = 0 with probability `rate`, else x / (1 - rate). Whether an element is dropped depends on
 * (seed, step, site, sample, position, channel) only; with dOut for x the same call is the backward pass.
 * Threefry-2x32-20 under the key (seed, streamOf(step, site)); see shaders/elementwise/dropout_interface.wgsl for the
 * counter.
 */
export function dropout(gpu: Gpu, options: DropoutOptions): void {
  const { x, out, tokenSample, tokenPosition, rate, seed } = options;
  sameCount(x, out);
  const [tokens, channels] = [x.shape[0] ?? 0, x.shape[1] ?? 0];
  if (x.shape.length !== 2 || tokenSample.shape[0] !== tokens || tokenPosition.shape[0] !== tokens) {
    throw new Error(`dropout: x [${x.shape}], samples [${tokenSample.shape}], positions [${tokenPosition.shape}]`);
  }
  if (!(rate >= 0 && rate < 1)) throw new Error(`dropout: rate is ${rate}, expected at least 0 and below 1`);
  const isAligned = channels % 16 === 0;
  gpu.dispatch(isAligned ? dropoutAligned : dropoutAny, {
    bindings: { x, tokenSample, tokenPosition, out },
    params: {
      tokens,
      channels,
      seed: seed >>> 0,
      stream: streamOf(options),
      threshold: Math.round(rate * 65_536),
      keepScale: 1 / (1 - rate),
    },
    grid: isAligned ? [Math.ceil((tokens * channels) / 1024)] : gridOf(tokens * Math.ceil(channels / 4)),
  });
}

/**
 * Second word of a dropout key: the step, and the site spread over all bits (golden ratio), so that sites never
 * collide.
 */
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
