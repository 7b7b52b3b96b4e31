/** What the benches share, from the built tree: the adapter, weights without a model, texts of given lengths. */
import { openDevice } from '../../dist/src/device/open.js';
import { encoderParameters } from '../../dist/src/model/parameter-shapes.js';

/** Drivers that compute on the CPU; SwiftShader is a dependency of the tests. */
const softwareDrivers = /swiftshader|lavapipe|llvmpipe/i;

/** An adapter as TANDEM_ADAPTER names it; by default what TANDEM_TEST_ADAPTER names, else a GPU or the CPU. */
export async function openBenchGpu({ adapter = process.env.TANDEM_TEST_ADAPTER || 'auto', threads } = {}) {
  if (softwareDrivers.test(adapter)) (await import('../software-vulkan.mjs')).prepareVulkan();
  return openDevice({ adapter, threads });
}

/** `count` numbers between -scale and scale, the same for the same seed (xorshift by Marsaglia). */
export function drawn(count, seed, scale = 1) {
  const values = new Float32Array(count);
  let state = Math.imul(seed + 1, 0x9e3779b1) | 1;
  for (let i = 0; i < count; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    values[i] = state * (scale / 2 ** 31);
  }
  return values;
}

/** Fixed weights of any encoder: norms as at the start of training, small numbers elsewhere. */
export function weightsOf(family, architecture) {
  const shapes = new Map(encoderParameters(family, architecture).map(({ name, shape }) => [name, shape]));
  return {
    read: async (name) => {
      const count = shapes.get(name).reduce((a, b) => a * b);
      if (/norm\.weight$/i.test(name)) return new Float32Array(count).fill(1);
      return drawn(count, name.length * 31 + count, 0.05);
    },
  };
}

/** Packed texts of these lengths. */
export function textsOf(lengths, vocabularySize) {
  const cumulative = new Uint32Array(lengths.length + 1);
  lengths.forEach((length, i) => {
    cumulative[i + 1] = cumulative[i] + length;
  });
  const ids = Uint32Array.from({ length: cumulative[lengths.length] }, (_, i) => (i * 7919) % vocabularySize);
  return { ids, cumulative, poolStart: new Uint32Array(lengths.length) };
}

/** Milliseconds of processor time of this process so far. */
export function cpuNow() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
