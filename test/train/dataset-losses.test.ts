/** Losses of single data sets, and options of losses, in whole runs of a tiny model. */
import { describe, expect, it } from 'vitest';
import type { LossTerm } from '../../src/nn/losses/catalog.ts';
import type { Storage } from '../../src/storage/storage.ts';
import { publishTokenFile } from '../../src/tokens/token-file.ts';
import type { TrainDataset, TrainInput } from '../../src/train/types.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { prepareTinyRun, tinySettings, tinyTokenFile } from './fixture.ts';
import { lastCheckpoint, only, run } from './whole-run.ts';

const folder = temporaryFolder();

async function runOf(storage: Storage, input: TrainInput, stopAfter?: number) {
  const { events } = await run(storage, input, stopAfter);
  return { events, steps: only(events, 'step'), last: lastCheckpoint(events) };
}

const infonce = (parameters: LossTerm['parameters']): LossTerm => ({ loss: 'infonce', weight: 2, parameters });
const own: readonly LossTerm[] = [infonce({ positives: 'sample' }), { loss: 'spread-out', weight: 1, parameters: {} }];

/** The retrieval data twice: once with losses of its own, once with those of its task. */
async function prepare(name: string, losses: readonly LossTerm[] = own) {
  const settings = tinySettings({ maxBatches: 9, positives: 2 });
  const { storage, input } = await prepareTinyRun(`${folder()}/${name}`, settings);
  const [ir, sts] = input.datasets as [TrainDataset, TrainDataset];
  return { storage, input: { ...input, datasets: [{ ...ir, losses }, { ...ir, name: 'plain' }, sts] } };
}

describe('a data set with losses of its own', () => {
  it('is trained on them, and others on those of their task', async () => {
    const { storage, input } = await prepare('own');
    const { steps } = await runOf(storage, input);
    const seen = (dataset: string) => {
      const components = steps.filter((step) => step.dataset === dataset).map((step) => Object.keys(step.components));
      return [...new Set(components.map((names) => names.join(' ')))];
    };
    expect(seen('manuals')).toEqual(['infonce spread-out']);
    expect(seen('plain')).toEqual(['infonce']);
    expect(seen('pairs')).toEqual(['pearson pro rank-kl inner-infonce']);
    for (const { dataset, loss, components } of steps) {
      if (dataset !== 'manuals') continue;
      expect(loss).toBeCloseTo(2 * components['infonce']! + components['spread-out']!, 6);
    }
  });

  it('goes on to the same bits, and with no others', async () => {
    const { storage, input } = await prepare('resumed');
    const whole = await runOf(storage, input);
    const part = await runOf(storage, input, 4);
    const resume = { model: part.last.model, state: part.last.state };
    // As a database gives them back, in another order of keys.
    const reordered = own.map(({ loss, weight, parameters }) => ({ parameters, weight, loss }));
    const [first, ...others] = input.datasets as [TrainDataset, ...TrainDataset[]];
    const again = await runOf(storage, { ...input, datasets: [{ ...first, losses: reordered }, ...others], resume });
    expect(again.last).toMatchObject({ model: whole.last.model, step: whole.last.step });
    const changed = [{ ...first, losses: [infonce({ positives: 'all' })] }, ...others];
    await expect(runOf(storage, { ...input, datasets: changed, resume })).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('the data sets are not those'),
    });
  });
});

describe('InfoNCE in training', () => {
  it('masks known positives: those of all records that share their query', async () => {
    const { storage, input } = await prepare('known');
    const file = tinyTokenFile('ir', 18, 11);
    const { train } = file.splits;
    const query = new Uint32Array(18).fill(train.query[0]!);
    await publishTokenFile(storage, 'same-query', { ...file, splits: { ...file.splits, train: { ...train, query } } });
    const [ir] = input.datasets as [TrainDataset];
    const trained = (losses: readonly LossTerm[]) =>
      runOf(storage, { ...input, datasets: [{ ...ir, tokens: 'same-query', losses }] });
    const without = await trained([infonce({})]);
    const withOptions = await trained([infonce({ knownPositives: true })]);
    expect(withOptions.steps[0]!.loss).toBeLessThan(without.steps[0]!.loss);
    expect(withOptions.steps.every(({ loss, gradientNorm }) => Number.isFinite(loss + gradientNorm))).toBe(true);
  });

  it('warns of a query that is alone in its batch, and gives 0 for it', async () => {
    const losses = { ir: [infonce({}), { ...infonce({}), loss: 'symmetric-infonce' as const }], sts: [] };
    const settings = tinySettings({ maxBatches: 3, irBatchSize: 1, negatives: 0, losses });
    const { storage, input } = await prepareTinyRun(`${folder()}/alone`, settings);
    const datasets = input.datasets.filter(({ task }) => task === 'ir');
    const { events, steps } = await runOf(storage, { ...input, datasets });
    expect(steps.map(({ loss, gradientNorm }) => [loss, gradientNorm])).toEqual([
      [0, 0],
      [0, 0],
      [0, 0],
    ]);
    const warnings = events.flatMap((event) => (event.type === 'warning' ? [event.message] : []));
    expect(warnings.filter((message) => message.startsWith('No candidate is left for some queries'))).toHaveLength(3);
    expect(warnings.filter((message) => message.startsWith('No candidate is left for some texts'))).toHaveLength(3);
  });
});
