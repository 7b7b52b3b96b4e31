/**
 * Tokens per second of encoding on this machine's adapter, by kernel, with random weights in the shapes of known
 * models, from the built tree:
 *   npm run build && node test/bench/encode.mjs [shape ...]
 * `cpu` is the rate by processor time over two cores, steadier on a busy machine (software adapters only).
 */
import { loadEncoder } from '../../dist/src/nn/encoders/encoder.js';
import { encodeTexts } from '../../dist/src/serve/encode.js';
import { cpuNow, openBenchGpu, textsOf, weightsOf } from './setup.mjs';

const bert = { typeVocabularySize: 2, maxPositions: 512, layerNormEpsilon: 1e-12, vocabularySize: 30_522 };
const shapes = {
  quickstart: { family: 'bert', ...bert, layers: 2, width: 64, heads: 4, innerWidth: 256, vocabularySize: 2048 },
  'all-MiniLM-L6-v2': { family: 'bert', ...bert, layers: 6, width: 384, heads: 12, innerWidth: 1536 },
  'bge-base': { family: 'bert', ...bert, layers: 12, width: 768, heads: 12, innerWidth: 3072 },
};
/** Texts by tokens: sentences, then passages. */
const loads = { '64 texts of 10 to 26 tokens': [64, 10, 17], '8 texts of 200 to 256 tokens': [8, 200, 57] };

const names = process.argv.length > 2 ? process.argv.slice(2) : ['quickstart', 'all-MiniLM-L6-v2'];
const gpu = await openBenchGpu();
console.log(gpu.adapter.name);
for (const name of names) {
  const { family, ...architecture } = shapes[name];
  const spec = { family, architecture, pooling: 'mean' };
  const begun = performance.now();
  const encoder = await loadEncoder(gpu, spec, weightsOf(family, architecture), { training: false });
  console.log(`\n${name}: loaded and compiled in ${((performance.now() - begun) / 1000).toFixed(1)} s`);
  for (const [label, [count, from, range]] of Object.entries(loads)) {
    const lengths = Array.from({ length: count }, (_, i) => from + ((i * 7) % range));
    const texts = textsOf(lengths, architecture.vocabularySize);
    const tokens = texts.ids.length;
    const first = performance.now();
    await encodeTexts(encoder, texts);
    const warmUp = performance.now() - first;
    const rounds = Math.max(1, Math.round(4000 / warmUp));
    const [before, start] = [cpuNow(), performance.now()];
    for (let round = 0; round < rounds; round++) await encodeTexts(encoder, texts);
    const [cpu, wall] = [(cpuNow() - before) / rounds / 2, (performance.now() - start) / rounds];
    const rate = (milliseconds) => Math.round((1000 * tokens) / milliseconds);
    console.log(`${label}, ${tokens} tokens: ${rate(wall)} tokens/s, ${rate(cpu)} by cpu`);
    const { kernels } = await gpu.timed(() => encodeTexts(encoder, texts));
    for (const { kernel, calls, milliseconds } of kernels.slice(0, 6)) {
      console.log(`  ${kernel.padEnd(40)} ${String(calls).padStart(3)} x ${milliseconds.toFixed(2).padStart(8)} ms`);
    }
  }
  encoder.parameters.free();
}
await gpu.destroy();
