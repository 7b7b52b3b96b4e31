/**
 * A training step with the joint losses of graded pairs, dropout 0.1, clipping and AdamW: all-MiniLM-L6-v2 and
 * BERT-base at equal lengths, and all-MiniLM-L6-v2 on batches of 32 pairs of STS-B, there beside PyTorch with CoSENT's
 * loss over the batch, on columns that are padded as sentence-transformers' trainer pads them. The quickstart's model
 * on 32 pairs of short texts shows what a step costs besides its kernels.
 */
import { commonKernels } from '../../dist/src/nn/kernels.js';
import { Optimizer } from '../../dist/src/nn/optimizer.js';
import { defaultRunSettings } from '../../dist/src/train/catalog.js';
import { recordGradients } from '../../dist/src/train/gradients.js';
import { readReport } from '../../dist/src/train/report.js';
import { alternate, clocked, secondsWith } from './measure.mjs';
import { bertBase, equalLengths, openMiniLM, quickstart, withEncoder } from './models.mjs';
import { textsOf } from './setup.mjs';

const optimizer = { ...defaultRunSettings.optimizer, clipNorm: 1 };
const settings = { ...defaultRunSettings, optimizer, dropout: 0.1, attentionDropout: 0.1 };
const learningRate = 1e-6;
const [batchCount, batchSize] = [4, 32];

export async function benchTrain(context) {
  const { gpu, model, models } = context;
  const use = { training: true, dropout: true };
  await gpu.compile(commonKernels(gpu.traits.form));
  const tokens = gpu.adapter.software ? { minilm: 1024, base: 256 } : { minilm: 16_384, base: 4096 };
  const ofMiniLM = async (trainer) => {
    await atLengths(context, trainer, 'all-MiniLM-L6-v2', tokens.minilm);
    await onPairs(context, trainer);
  };
  const ofBase = (trainer) => atLengths(context, trainer, 'BERT-base', tokens.base);
  const trained = (work) => async (encoder) => {
    const trainer = new Trainer(encoder);
    await work(trainer);
    trainer.free();
  };
  if (models.includes('minilm')) await withEncoder(gpu, openMiniLM(model), use, trained(ofMiniLM));
  if (models.includes('base')) await withEncoder(gpu, bertBase(), use, trained(ofBase));
  const ofQuickstart = (trainer) => onShortPairs(context, trainer);
  if (models.includes('quickstart')) await withEncoder(gpu, quickstart(), use, trained(ofQuickstart));
}

class Trainer {
  #step = 0;
  #optimizer;

  constructor(encoder) {
    this.encoder = encoder;
    this.#optimizer = new Optimizer(encoder.gpu, encoder.parameters);
  }

  /** One update on a batch, its figures read. */
  async step(batch) {
    const { encoder } = this;
    this.#step += 1;
    const step = this.#step;
    const objective = await recordGradients({ encoder, settings, batches: [batch], step, turn: async () => {} });
    const { warmupRatio: _, ...constants } = settings.optimizer;
    this.#optimizer.update({ ...constants, step, learningRate, guard: objective.total });
    const report = readReport(encoder.gpu, objective, this.#optimizer.norm);
    objective.release();
    const { norm } = await report;
    if (!Number.isFinite(norm))
      throw new Error(`Step ${step} gave the gradient norm ${norm}: the figures mean nothing`);
  }

  free() {
    this.#optimizer.free();
  }
}

const terms = settings.losses.sts;
const stsBatch = ({ size, grades, texts }) => ({ task: 'sts', dataset: 'bench', size, grades, texts, terms });

async function atLengths({ report, rounds }, trainer, name, wanted) {
  const { vocabularySize } = trainer.encoder.spec.architecture;
  for (const length of [32, 128, 512]) {
    const lengths = equalLengths(wanted, length);
    const size = lengths.length / 2;
    const grades = Float32Array.from({ length: size }, (_, i) => (i % 6) / 5);
    const batch = stsBatch({ size, grades, texts: textsOf(lengths, vocabularySize) });
    const runners = { tandem: () => clocked(() => trainer.step(batch)) };
    // A step of BERT-base on two long texts takes a CPU ten seconds, and the lengths before have warmed it up.
    const warmUp = length < 512;
    const times = await alternate(runners, { rounds, seconds: secondsWith(runners), warmUp });
    const label = `${name}, ${lengths.length} texts of ${length}`;
    report.addAlternated({ part: 'train', name: label, unit: 'tokens/s', amount: batch.texts.ids.length }, times);
  }
}

/** Lengths of 6 to 20 tokens, as the sample data has them. */
async function onShortPairs({ gpu, report, rounds }, trainer) {
  const { vocabularySize } = trainer.encoder.spec.architecture;
  const lengths = Array.from({ length: 2 * batchSize }, (_, text) => 6 + ((text * 7) % 15));
  const grades = Float32Array.from({ length: batchSize }, (_, i) => (i % 6) / 5);
  const batch = stsBatch({ size: batchSize, grades, texts: textsOf(lengths, vocabularySize) });
  const runners = { tandem: () => clocked(() => trainer.step(batch)) };
  const times = await alternate(runners, { rounds, seconds: secondsWith(runners) });
  const name = `the quickstart's model, ${batchSize} pairs of 6 to 20 tokens`;
  report.addAlternated({ part: 'train', name, unit: 'ms/step', amount: 1 }, times);
  await report.profile('train', name, gpu, () => trainer.step(batch));
}

async function onPairs({ gpu, report, rounds, texts: source, peers }, trainer) {
  const { vocabularySize } = trainer.encoder.spec.architecture;
  const made = await source.pairBatches(batchCount, batchSize, vocabularySize);
  const batches = made.map(stsBatch);
  const turns = { tandem: 0, torch: 0 };
  const next = (by) => turns[by]++ % batchCount;
  const runners = { tandem: () => clocked(() => trainer.step(batches[next('tandem')])) };
  if (peers.torch && source.areReal) {
    const pairs = made.map(({ pairs: own, grades }) => ({ pairs: own.map(({ pair }) => pair), grades: [...grades] }));
    await peers.torch.ask('train_texts', { batches: pairs });
    runners.torch = () => peers.torch.time('train', { batch: next('torch') });
  }
  const times = await alternate(runners, { rounds, seconds: secondsWith(runners) });
  const tokens = batches.reduce((sum, { texts }) => sum + texts.ids.length, 0) / batchCount;
  const name = `all-MiniLM-L6-v2, ${batchSize} pairs of STS-B`;
  const shared = { tokens, texts: source.areReal ? 'real' : 'their lengths' };
  report.addAlternated({ part: 'train', name, unit: 'ms/step', amount: 1, shared }, times);
  await report.profile('train', name, gpu, () => trainer.step(batches[0]));
  await peers.torch?.ask('forget', { name: 'training' });
}
