/** Gated activations, activate(gate) * up (Shazeer 2020, arXiv 2002.05202): SwiGLU and GeGLU, forward and backward. */
import { elementCount, type Gpu, type KernelSpec, type Tensor } from '../gpu/types.ts';

const activations = {
  silu: ['elementwise/silu.wgsl'],
  gelu: ['elementwise/normal_cdf.wgsl', 'elementwise/gelu.wgsl'],
} as const;
/** `gelu` is the exact one. */
export type GatedActivation = keyof typeof activations;

const kernelsOf = (activation: GatedActivation) => {
  const include = ['common/grid.wgsl', ...activations[activation]];
  return {
    forward: {
      name: `gated-${activation}-forward`,
      shader: 'elementwise/gated_forward.wgsl',
      include,
      bindings: { gate: 'read', up: 'read', out: 'write' },
      params: { count: 'u32' },
    },
    backward: {
      name: `gated-${activation}-backward`,
      shader: 'elementwise/gated_backward.wgsl',
      include,
      bindings: { gate: 'read', up: 'read', dOut: 'read', dGate: 'write', dUp: 'write' },
      params: { count: 'u32' },
    },
  } as const;
};

const kernels = { silu: kernelsOf('silu'), gelu: kernelsOf('gelu') };

export const gatedKernels: readonly KernelSpec[] = Object.values(kernels).flatMap((pair) => Object.values(pair));

/** Workgroups of 64 invocations, 4 elements each. */
const gridOf = (count: number): [number] => [Math.ceil(count / 256)];

export interface GatedForward {
  readonly activation: GatedActivation;
  /** Equal shapes. */
  readonly gate: Tensor;
  readonly up: Tensor;
  readonly out: Tensor;
}

/** out = activate(gate) * up */
export function gatedForward(gpu: Gpu, { activation, gate, up, out }: GatedForward): void {
  const count = elementCount(gate.shape);
  gpu.dispatch(kernels[activation].forward, { bindings: { gate, up, out }, params: { count }, grid: gridOf(count) });
}

export interface GatedBackward {
  readonly activation: GatedActivation;
  readonly gate: Tensor;
  readonly up: Tensor;
  readonly dOut: Tensor;
  /** Written. */
  readonly dGate: Tensor;
  readonly dUp: Tensor;
}

/** dGate = dOut * up * activate'(gate), dUp = dOut * activate(gate) */
export function gatedBackward(gpu: Gpu, { activation, gate, up, dOut, dGate, dUp }: GatedBackward): void {
  const count = elementCount(gate.shape);
  gpu.dispatch(kernels[activation].backward, {
    bindings: { gate, up, dOut, dGate, dUp },
    params: { count },
    grid: gridOf(count),
  });
}
