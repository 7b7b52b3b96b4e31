/**
 * Milliseconds of a training step of the quickstart's size, by kernel, from the built tree:
 *   npm run build && node test/bench/training-step.mjs [heads] [dropout]
 * `cpu` is processor time of the whole process, steadier than `wall` on a busy machine (software adapters only).
 */
import { loadConfig } from '../../dist/src/config.js';
import { encoderParameters } from '../../dist/src/formats/architectures/catalog.js';
import { openGpu } from '../../dist/src/gpu/open.js';
import { prepareVulkan } from '../../dist/src/gpu/software-vulkan.js';
import { loadEncoder } from '../../dist/src/nn/encoders/encoder.js';
import { commonKernels } from '../../dist/src/nn/kernels.js';
import { Optimizer } from '../../dist/src/nn/optimizer.js';
import { defaultRunSettings } from '../../dist/src/train/catalog.js';
import { readReport } from '../../dist/src/train/report.js';
import { recordGradients } from '../../dist/src/train/step.js';

const heads = Number(process.argv[2] ?? 4);
const dropout = Number(process.argv[3] ?? 0.1);
const rounds = 8;

await prepareVulkan(loadConfig());
const gpu = await openGpu({ adapter: 'auto', name: process.env.TANDEM_TEST_ADAPTER || undefined });
const architecture = {
  layers: 2,
  width: 64,
  heads,
  innerWidth: 256,
  maxPositions: 64,
  vocabularySize: 2048,
  typeVocabularySize: 2,
  layerNormEpsilon: 1e-12,
};
const shapes = new Map(encoderParameters('bert', architecture).map(({ name, shape }) => [name, shape]));
const source = {
  read: async (name) =>
    Float32Array.from(
      { length: shapes.get(name).reduce((a, b) => a * b) },
      (_, i) => 0.1 * Math.sin(i * 1.7 + name.length),
    ),
};
const started = performance.now();
const [encoder] = await Promise.all([
  loadEncoder(gpu, { family: 'bert', architecture, pooling: 'mean' }, source, { training: true, dropout: dropout > 0 }),
  gpu.compile(commonKernels(gpu)),
]);
console.log(`${gpu.adapter.name}: compiled and loaded in ${(performance.now() - started).toFixed(0)} ms`);

/** Texts of 15 to 25 tokens. */
function makeTexts(count) {
  const cumulative = Uint32Array.from({ length: count + 1 });
  for (let text = 1; text <= count; text++) cumulative[text] = cumulative[text - 1] + 15 + ((text * 7) % 11);
  const ids = Uint32Array.from({ length: cumulative[count] }, (_, i) => (i * 7919) % architecture.vocabularySize);
  return { ids, cumulative, poolStart: new Uint32Array(count) };
}
const batches = [
  {
    task: 'ir',
    dataset: 'ir',
    size: 24,
    positives: 1,
    negatives: 1,
    negativeMask: new Uint8Array(24).fill(1),
    slots: new Uint32Array(24),
    texts: makeTexts(72),
  },
  {
    task: 'sts',
    dataset: 'sts',
    size: 32,
    grades: Float32Array.from({ length: 32 }, (_, i) => (i % 6) / 5),
    texts: makeTexts(64),
  },
];
const settings = { ...defaultRunSettings, dropout, attentionDropout: dropout };
const optimizer = new Optimizer(gpu, encoder.parameters);
let step = 0;
async function makeStep(batch) {
  step++;
  const objective = await recordGradients({ encoder, settings, batch, step, turn: async () => {} });
  optimizer.update({ ...settings.optimizer, step, learningRate: 1e-4 });
  const report = readReport(gpu, objective, optimizer.norm);
  objective.release();
  await report;
}

for (const batch of batches) {
  await makeStep(batch);
  const cpu = process.cpuUsage();
  const begun = performance.now();
  for (let round = 0; round < rounds; round++) await makeStep(batch);
  const { user, system } = process.cpuUsage(cpu);
  const wall = (performance.now() - begun) / rounds;
  const tokens = batch.texts.ids.length;
  console.log(
    `\n${batch.task}, ${tokens} tokens: wall ${wall.toFixed(0)} ms, cpu ${((user + system) / 1000 / rounds).toFixed(0)} ms a step`,
  );
  const { kernels } = await gpu.timed(() => makeStep(batch));
  for (const { kernel, calls, milliseconds } of kernels.slice(0, 16)) {
    console.log(`  ${kernel.padEnd(40)} ${String(calls).padStart(3)} x ${milliseconds.toFixed(2).padStart(8)} ms`);
  }
}
await gpu.destroy();
