/** What the benches share, from the built tree: the adapter, weights without a model, texts of given lengths. */
import { openDevice } from '../../dist/src/device/open.js';
import { encoderParameters } from '../../dist/src/model/parameter-shapes.js';
import { prepareVulkan } from '../software-vulkan.mjs';

/** What TANDEM_TEST_ADAPTER names, as TANDEM_ADAPTER does, else a GPU or the CPU. */
export async function openBenchGpu() {
  prepareVulkan();
  return openDevice({ adapter: process.env.TANDEM_TEST_ADAPTER || 'auto' });
}

/** Fixed weights of any encoder. */
export function weightsOf(family, architecture) {
  const shapes = new Map(encoderParameters(family, architecture).map(({ name, shape }) => [name, shape]));
  return {
    read: async (name) =>
      Float32Array.from(
        { length: shapes.get(name).reduce((a, b) => a * b) },
        (_, i) => 0.1 * Math.sin(i * 1.7 + name.length),
      ),
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
