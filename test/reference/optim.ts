/** Global norm and AdamW in float64, as torch.nn.utils.clip_grad_norm_ and torch.optim.AdamW define them. */

export const globalNorm = (gradients: ArrayLike<number>): number =>
  Math.sqrt(Array.from(gradients).reduce((sum, gradient) => sum + gradient * gradient, 0));

export interface AdamWState {
  parameters: Float64Array;
  firstMoment: Float64Array;
  secondMoment: Float64Array;
}

export interface AdamWSettings {
  learningRate: number;
  weightDecay: number;
  /** 0 = no clipping. */
  clipNorm: number;
  /** Whether the element decays. */
  decays: (index: number) => boolean;
}

/** Update number `step` (from 1), in place. */
export function adamW(state: AdamWState, gradients: ArrayLike<number>, step: number, settings: AdamWSettings): void {
  const { learningRate, weightDecay, clipNorm, decays } = settings;
  const factor = clipNorm > 0 ? Math.min(1, clipNorm / (globalNorm(gradients) + 1e-6)) : 1;
  state.parameters.forEach((parameter, index) => {
    const gradient = gradients[index] * factor;
    const m = 0.9 * state.firstMoment[index] + 0.1 * gradient;
    const v = 0.999 * state.secondMoment[index] + 0.001 * gradient * gradient;
    const direction = m / (1 - 0.9 ** step) / (Math.sqrt(v / (1 - 0.999 ** step)) + 1e-8);
    const decayed = parameter * (1 - (decays(index) ? learningRate * weightDecay : 0));
    state.parameters[index] = decayed - learningRate * direction;
    state.firstMoment[index] = m;
    state.secondMoment[index] = v;
  });
}
