/** Gated activations, activate(gate) * up (Shazeer 2020, arXiv 2002.05202): SwiGLU and GeGLU, forward and backward. */
import type { Gpu, KernelSpec, Tensor } from '../device/types.ts';
import { dispatchWidths, widths } from './elementwise.ts';

const activations = {
  silu: ['elementwise/silu.wgsl'],
  gelu: ['elementwise/normal_cdf.wgsl', 'elementwise/gelu.wgsl'],
} as const;
/** `gelu` is the exact one. */
export type GatedActivation = keyof typeof activations;

function kernelsOf(activation: GatedActivation) {
  const include = ['common/grid.wgsl', ...activations[activation]];
  return {
    forward: widths<'gate' | 'up' | 'out', 'count'>({
      name: `gated-${activation}-forward`,
      shader: 'elementwise/gated_forward.wgsl',
      include,
      bindings: { gate: 'read', up: 'read', out: 'write' },
      params: { count: 'u32' },
    }),
    backward: widths<'gate' | 'up' | 'dOut' | 'dGate' | 'dUp', 'count'>({
      name: `gated-${activation}-backward`,
      shader: 'elementwise/gated_backward.wgsl',
      include,
      bindings: { gate: 'read', up: 'read', dOut: 'read', dGate: 'write', dUp: 'write' },
      params: { count: 'u32' },
    }),
  };
}

const kernels = { silu: kernelsOf('silu'), gelu: kernelsOf('gelu') };

export const gatedKernels: readonly KernelSpec[] = Object.values(kernels).flatMap(({ forward, backward }) => [
  forward.wide,
  forward.single,
  backward.wide,
  backward.single,
]);

export interface GatedForward {
  readonly activation: GatedActivation;
  /** Equal shapes. */
  readonly gate: Tensor;
  readonly up: Tensor;
  readonly out: Tensor;
}

/** out = activate(gate) * up */
export function gatedForward(gpu: Gpu, { activation, gate, up, out }: GatedForward): void {
  dispatchWidths(gpu, kernels[activation].forward, { gate, up, out }, (count) => ({ count }));
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
  dispatchWidths(gpu, kernels[activation].backward, { gate, up, dOut, dGate, dUp }, (count) => ({ count }));
}
