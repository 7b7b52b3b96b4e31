/**
 * Milliseconds of a training step of the quickstart's size, by kernel, from the built tree:
 *   npm run build && node test/bench/training-step.mjs [heads] [dropout]
 * `cpu` is processor time of the whole process, steadier than `wall` on a busy machine (software adapters only).
 */
import { loadEncoder } from '../../dist/src/nn/encoders/encoder.js';
import { commonKernels } from '../../dist/src/nn/kernels.js';
import { Optimizer } from '../../dist/src/nn/optimizer.js';
import { defaultRunSettings } from '../../dist/src/train/catalog.js';
import { readReport } from '../../dist/src/train/report.js';
import { recordGradients } from '../../dist/src/train/step.js';
import { cpuNow, openBenchGpu, textsOf, weightsOf } from './setup.mjs';

const heads = Number(process.argv[2] ?? 4);
const dropout = Number(process.argv[3] ?? 0.1);
const rounds = 8;

const gpu = await openBenchGpu();
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
const source = weightsOf('bert', architecture);
const started = performance.now();
const [encoder] = await Promise.all([
  loadEncoder(gpu, { family: 'bert', architecture, pooling: 'mean' }, source, { training: true, dropout: dropout > 0 }),
  gpu.compile(commonKernels(gpu.traits.form)),
]);
console.log(`${gpu.adapter.name}: compiled and loaded in ${(performance.now() - started).toFixed(0)} ms`);

/** Texts of 15 to 25 tokens. */
const makeTexts = (count) =>
  textsOf(
    Array.from({ length: count }, (_, i) => 15 + (((i + 1) * 7) % 11)),
    architecture.vocabularySize,
  );
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
  const before = cpuNow();
  const begun = performance.now();
  for (let round = 0; round < rounds; round++) await makeStep(batch);
  const cpu = (cpuNow() - before) / rounds;
  const wall = (performance.now() - begun) / rounds;
  const tokens = batch.texts.ids.length;
  console.log(`\n${batch.task}, ${tokens} tokens: wall ${wall.toFixed(0)} ms, cpu ${cpu.toFixed(0)} ms a step`);
  const { kernels } = await gpu.timed(() => makeStep(batch));
  for (const { kernel, calls, milliseconds } of kernels.slice(0, 16)) {
    console.log(`  ${kernel.padEnd(40)} ${String(calls).padStart(3)} x ${milliseconds.toFixed(2).padStart(8)} ms`);
  }
}
await gpu.destroy();
