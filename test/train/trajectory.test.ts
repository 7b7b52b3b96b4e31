/**
 * Ten joint updates, of each sampler and with groups of parameters, against the same ten in float64: encoder, losses,
 * AdamW and schedule by the reference code.
 */
import { describe, expect, it } from 'vitest';
import { readModelFolder } from '../../src/formats/model-folder.ts';
import type { EncoderSpec } from '../../src/nn/types.ts';
import type { RunSettings } from '../../src/train/catalog.ts';
import { train } from '../../src/train/loop.ts';
import { expectClose, testGpu } from '../device.ts';
import { tinySpec } from '../nn/tiny.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { tolerances } from '../tolerances.ts';
import { prepareTinyRun, tinySettings } from './fixture.ts';
import { referenceRun, type Treatment } from './reference-run.ts';

const folder = temporaryFolder();
const steps = 10;

const settingsOf = (changes: Partial<RunSettings>): RunSettings =>
  tinySettings({ ...changes, epochs: 2, maxBatches: steps, dropout: 0, attentionDropout: 0 });

/** Losses and norms of every step, the weights before the first and after the last. */
async function runOf(settings: RunSettings, encoder?: EncoderSpec) {
  const { input, storage } = await prepareTinyRun(folder(), settings, encoder);
  const [losses, norms, models]: [number[], number[], string[]] = [[], [], []];
  await train(await testGpu(), storage, input, {
    signal: new AbortController().signal,
    turn: async () => {},
    emit: (event) => {
      if (event.type === 'checkpoint') models.push(event.model);
      if (event.type !== 'step') return;
      losses.push(event.loss);
      norms.push(event.gradientNorm);
    },
  });
  const weightsOf = async (digest: string): Promise<Map<string, Float32Array>> => {
    const { weights, close } = await readModelFolder(storage.path('models', digest));
    const tensors = new Map<string, Float32Array>();
    for (const [name, { shape }] of weights.tensors) tensors.set(name, await weights.read(name, shape));
    await close();
    return tensors;
  };
  return { losses, norms, before: await weightsOf(models[0]!), after: await weightsOf(models.at(-1)!) };
}

describe('ten updates', () => {
  it.each([
    ['dynamic', { irBatchSize: 3, stsBatchSize: 6 }],
    ['single', { irBatchSize: 4 }],
    ['mixed', { irBatchSize: 9, shardsPerUpdate: 3 }],
  ] as const)('of the sampler %s follow the float64 reference', async (sampler, sizes) => {
    const settings = settingsOf({ sampler, ...sizes });
    const { losses } = await runOf(settings);
    expectClose(losses, (await referenceRun(folder(), settings, steps)).losses, tolerances.trajectory, 'loss of step');
  });

  it('follow the float64 reference with the last block as inner layer', async () => {
    const { losses: sets } = tinySettings();
    const sts = sets.sts.map((term) =>
      term.loss === 'inner-infonce' ? { ...term, parameters: { ...term.parameters, layer: 2 } } : term,
    );
    const settings = settingsOf({ irBatchSize: 3, stsBatchSize: 6, losses: { ...sets, sts } });
    const { losses } = await runOf(settings);
    expectClose(losses, (await referenceRun(folder(), settings, steps)).losses, tolerances.trajectory, 'loss of step');
    const middle = await referenceRun(folder(), settingsOf({ irBatchSize: 3, stsBatchSize: 6 }), steps);
    expect(Math.max(...losses.map((loss, i) => Math.abs(loss - middle.losses[i]!)))).toBeGreaterThan(1e-3);
  });

  it('follow the float64 reference with a head of each task, which an update of the other one moves on', async () => {
    const encoder: EncoderSpec = { ...tinySpec(), heads: { ir: 'dense', sts: 'dense' } };
    const settings = settingsOf({ irBatchSize: 3, stsBatchSize: 6 });
    const expected = await referenceRun(folder(), settings, steps, undefined, encoder);
    const { losses, before, after } = await runOf(settings, encoder);
    expectClose(losses, expected.losses, tolerances.trajectory, 'loss of step');
    for (const head of ['heads.ir.linear.weight', 'heads.sts.linear.weight']) {
      expectClose(after.get(head)!, expected.weights.get(head)!, tolerances.trajectory, head);
      expect(after.get(head)).not.toEqual(before.get(head));
    }
  });

  it('follow the float64 reference with groups of parameters, frozen ones among them, and clipping by what is trained', async () => {
    const own = { learningRate: null, weightDecay: null, frozen: false };
    const optimizer: RunSettings['optimizer'] = {
      ...tinySettings().optimizer,
      clipNorm: 0.4,
      groups: [
        { ...own, parameters: 'encoder.layer.?.attention.self.*.bias', frozen: true },
        { ...own, parameters: 'embeddings.word_embeddings.weight', frozen: true },
        { ...own, parameters: 'encoder.layer.1.*', learningRate: 5e-3, weightDecay: 0.2 },
        { ...own, parameters: 'embeddings.*', learningRate: 0 },
        // Behind the first group, so of layer 0 alone, and without its biases of attention.
        { ...own, parameters: '*attention*', weightDecay: 0.5 },
      ],
    };
    const settings = settingsOf({ irBatchSize: 3, stsBatchSize: 6, optimizer });
    const base: Treatment = optimizer;
    const treatmentOf = (name: string): Treatment => {
      if (name === 'embeddings.word_embeddings.weight' || /self\.(query|key|value)\.bias$/.test(name)) return undefined;
      if (name.startsWith('encoder.layer.1.')) return { learningRate: 5e-3, weightDecay: 0.2 };
      if (name.startsWith('embeddings.')) return { ...base, learningRate: 0 };
      return name.includes('attention') ? { ...base, weightDecay: 0.5 } : base;
    };
    const expected = await referenceRun(folder(), settings, steps, treatmentOf);
    const { losses, norms, before, after } = await runOf(settings);
    expectClose(losses, expected.losses, tolerances.trajectory, 'loss of step');
    expectClose(norms, expected.norms, { absolute: 0, relative: 1e-3 }, 'norm of step');
    expect(Math.min(...norms)).toBeGreaterThan(0.4);
    for (const [name, values] of after) {
      if (treatmentOf(name)?.learningRate)
        expectClose(values, expected.weights.get(name)!, tolerances.trajectory, name);
      else expect(values, name).toEqual(before.get(name));
    }
  });
});
