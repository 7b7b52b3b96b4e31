/**
 * The gradient cache on the sample data: the same joint run with micro-batches of the whole batch, half and an eighth,
 * with dropout off and on. Prints, for every loss component, the largest |a - b| / max(1, |a|) over the first 20 steps,
 * and exits with 1 if one is above 1e-5.
 *   npm run build && node test/bench/micro-batches.mjs
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createModel } from '../../dist/src/authoring/create-model.js';
import { importDataset } from '../../dist/src/data/import.js';
import { openDevice } from '../../dist/src/device/open.js';
import { openStorage } from '../../dist/src/storage/storage.js';
import { loadTokenizer } from '../../dist/src/tokenizer/open.js';
import { readTokenFile } from '../../dist/src/tokens/token-file.js';
import { tokenizeDataset } from '../../dist/src/tokens/tokenize-dataset.js';
import { defaultRunSettings } from '../../dist/src/train/catalog.js';
import { train } from '../../dist/src/train/loop.js';
import { prepareVulkan } from '../software-vulkan.mjs';

const steps = 20;
const bound = 1e-5;

prepareVulkan();
const gpu = await openDevice({ adapter: process.env.TANDEM_TEST_ADAPTER || 'auto' });
const root = await mkdtemp(join(tmpdir(), 'tandem-micro-batches-'));
const storage = openStorage(root);

const sample = (task) =>
  importDataset(storage, {
    source: { kind: 'sample', task, seed: 1 },
    importer: 'codiemb',
    options: {},
    scale: [0, 1],
  });
const summaries = [await sample('ir'), await sample('sts')];
const { digest: model } = await createModel(storage, {
  family: 'bert',
  architecture: { layers: 2, width: 64, heads: 4, innerWidth: 256, maxPositions: 64 },
  vocabularySize: 2048,
  vocabularyFrom: summaries.map(({ digest }) => digest),
  pooling: 'mean',
  includePrompt: false,
  templates: { query: '', sts: '', passage: '' },
  maxLength: 64,
  seed: 1,
});
const tokenizer = await loadTokenizer(join(storage.path('models', model), 'tokenizer.json'));
const datasets = [];
let longestBatch = 0;
for (const { digest, task } of summaries) {
  const { key } = await tokenizeDataset(storage, { dataset: digest, model, maxLength: 64 }, tokenizer);
  datasets.push({ name: task, task, weight: 1, digest, tokens: key });
  const { texts } = await readTokenFile(storage, key);
  const mean = texts.ids.length / texts.poolStart.length;
  longestBatch = Math.max(longestBatch, Math.ceil(mean * (task === 'ir' ? 72 : 64)));
}

/** Loss components of every step. */
async function components(dropout, microBatchTokens) {
  const settings = {
    ...defaultRunSettings,
    seed: 1,
    maxBatches: steps,
    irBatchSize: 24,
    stsBatchSize: 32,
    positives: 1,
    negatives: 1,
    maxLength: 64,
    microBatchTokens,
    dropout,
    attentionDropout: dropout,
    optimizer: {
      ...defaultRunSettings.optimizer,
      learningRate: 4e-3,
      weightDecay: 0.01,
      warmupRatio: 0.1,
      clipNorm: 1,
    },
  };
  const seen = [];
  await train(
    gpu,
    storage,
    { runId: 'bench', model, settings, datasets },
    {
      signal: new AbortController().signal,
      turn: async () => {},
      emit: (event) => event.type === 'step' && seen.push(event.components),
    },
  );
  return seen;
}

console.log(`${gpu.adapter.name}; about ${longestBatch} tokens in the largest batch; ${steps} steps`);
let failed = false;
for (const dropout of [0, 0.1]) {
  const whole = await components(dropout, 1_000_000);
  for (const [name, parts] of [
    ['half', 2],
    ['an eighth', 8],
  ]) {
    const cut = await components(dropout, Math.ceil(longestBatch / parts));
    const worst = {};
    whole.forEach((step, index) => {
      for (const [component, value] of Object.entries(step)) {
        const difference = Math.abs(value - cut[index][component]) / Math.max(1, Math.abs(value));
        worst[component] = Math.max(worst[component] ?? 0, difference);
      }
    });
    failed ||= Object.values(worst).some((difference) => !(difference <= bound));
    const figures = Object.entries(worst).map(
      ([component, difference]) => `${component} ${difference.toExponential(1)}`,
    );
    console.log(`dropout ${dropout}, ${name}: ${figures.join(', ')}`);
  }
}
await gpu.destroy();
await rm(root, { recursive: true, force: true });
console.log(failed ? `above ${bound}` : `all at most ${bound}`);
process.exitCode = failed ? 1 : 0;
