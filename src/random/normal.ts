/**
 * Random numbers for the parameters of a new model (src/authoring/initial-parameters.ts): normal numbers by Box and
 * Muller over xoshiro128**. A stream is named by (seed, tensor name), so a tensor's values depend neither on the order
 * of tensors nor on the machine. The digests of new models depend on these exact numbers: the stream never changes.
 */
import { createHash } from 'node:crypto';

/** Fills `values` with normal numbers of mean 0 and the given standard deviation. Source: Box and Muller 1958. */
export function fillNormal(values: Float32Array, seed: number, name: string, deviation: number): void {
  const next = uniforms(seed, name);
  for (let i = 0; i < values.length; i += 2) {
    const radius = deviation * Math.sqrt(-2 * Math.log(1 - next()));
    const angle = 2 * Math.PI * next();
    values[i] = radius * Math.cos(angle);
    if (i + 1 < values.length) values[i + 1] = radius * Math.sin(angle);
  }
}

/**
 * Uniform numbers in [0, 1) with 53 bits: xoshiro128** (Blackman and Vigna 2018), seeded by a hash of the stream's
 * name.
 */
function uniforms(seed: number, name: string): () => number {
  const digest = createHash('sha256').update(`${seed}\0${name}`).digest();
  const state = new Uint32Array([0, 4, 8, 12].map((offset) => digest.readUInt32LE(offset)));
  const rotate = (x: number, by: number): number => (x << by) | (x >>> (32 - by));
  const bits = (): number => {
    const result = Math.imul(rotate(Math.imul(state[1], 5), 7), 9) >>> 0;
    const shifted = state[1] << 9;
    state[2] ^= state[0];
    state[3] ^= state[1];
    state[1] ^= state[2];
    state[0] ^= state[3];
    state[2] ^= shifted;
    state[3] = rotate(state[3], 11);
    return result;
  };
  return () => ((bits() >>> 5) * 2 ** 26 + (bits() >>> 6)) / 2 ** 53;
}
