/**
 * Frequencies of rotary position embedding (Su et al. 2021, arXiv 2104.09864), stretched or not, on the host. Every
 * step is rounded to f32 where transformers rounds it: at a position of thousands a unit of roundoff of a frequency
 * shows.
 */
import type { RopeScaling } from '../model/types.ts';

export interface RotaryFrequencies {
  /** [D / 2] radians a position */
  readonly frequencies: Float32Array;
  /** Factor on cosines and sines. */
  readonly amplitude: number;
}

const f = Math.fround;

/** `size` is D, `theta` the base. Source of the stretched ones: transformers, modeling_rope_utils.py. */
export function rotaryFrequencies(size: number, theta: number, scaling?: RopeScaling): RotaryFrequencies {
  const wavelengths = Float32Array.from({ length: size / 2 }, (_, d) => theta ** f((2 * d) / size));
  const plain = wavelengths.map((length) => 1 / length);
  switch (scaling?.type) {
    case undefined:
      return { frequencies: plain, amplitude: 1 };
    case 'linear':
      return { frequencies: plain.map((frequency) => frequency / scaling.factor), amplitude: 1 };
    case 'llama3':
      return { frequencies: plain.map((frequency) => llama3(frequency, scaling)), amplitude: 1 };
    case 'yarn':
      return { frequencies: yarn(wavelengths, size, theta, scaling), amplitude: scaling.attentionFactor };
  }
}

function llama3(frequency: number, scaling: RopeScaling & { readonly type: 'llama3' }): number {
  const { factor, lowFrequencyFactor: low, highFrequencyFactor: high, originalPositions: original } = scaling;
  const wavelength = f(f(2 * Math.PI) / frequency);
  if (wavelength > original / low) return f(frequency / factor);
  if (wavelength < original / high) return frequency;
  const smooth = f(f(f(original / wavelength) - low) / f(high - low));
  return f(f(f(f(1 - smooth) * frequency) / factor) + f(smooth * frequency));
}

function yarn(
  wavelengths: Float32Array,
  size: number,
  theta: number,
  scaling: RopeScaling & { readonly type: 'yarn' },
): Float32Array {
  const { factor, originalPositions: original, betaFast, betaSlow, truncate } = scaling;
  /** The channel that turns so often within the original length. */
  const channelOf = (turns: number): number =>
    (size * Math.log(original / (turns * 2 * Math.PI))) / (2 * Math.log(theta));
  const [first, last] = [channelOf(betaFast), channelOf(betaSlow)];
  const low = Math.max(truncate ? Math.floor(first) : first, 0);
  const end = Math.min(truncate ? Math.ceil(last) : last, size - 1);
  const high = end === low ? end + 0.001 : end;
  return wavelengths.map((length, d) => {
    const ramp = Math.min(Math.max(f(f(d - low) / f(high - low)), 0), 1);
    const kept = f(1 - ramp);
    return f(f(1 / f(factor * length)) * f(1 - kept)) + f(f(1 / length) * kept);
  });
}
