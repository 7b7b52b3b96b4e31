/**
 * Whole runs on the real adapter: events, checkpoints, stopping, resuming to the same bits, refusing what cannot work.
 */
import { readdir, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { deviceTraits } from '../../src/device/types.ts';
import { readModelFolder } from '../../src/formats/model-folder.ts';
import { publishTokenFile } from '../../src/tokens/token-file.ts';
import type { RunSettings } from '../../src/train/catalog.ts';
import { loadTrainingData } from '../../src/train/data.ts';
import { drawBatch } from '../../src/train/draw.ts';
import { planTraining } from '../../src/train/loop.ts';
import { samplingOfRun } from '../../src/train/sampling.ts';
import { checkResume, readState, recordedPacing } from '../../src/train/state.ts';
import type { TrainEvent, TrainInput } from '../../src/train/types.ts';
import { testGpu } from '../device.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { openModel, prepareTinyRun, tinySettings, tinyTokenFile } from './fixture.ts';
import { lastCheckpoint, only, run } from './whole-run.ts';

const folder = temporaryFolder();
let folders = 0;
const prepare = (settings: RunSettings = tinySettings()) => prepareTinyRun(`${folder()}/${folders++}`, settings);

describe('what is damaged', () => {
  const damages = [
    ['empty', (path: string) => truncate(path, 0)],
    ['cut off', (path: string) => truncate(path, 200)],
    ['missing', (path: string) => rm(path)],
  ] as const;
  const files = ['states/state.json', 'states/moments.safetensors', 'models/model.safetensors', 'models/config.json'];
  it('is named, whichever file of a checkpoint it is, and a run that reaches it makes it again', async () => {
    const { input, storage } = await prepare(tinySettings({ maxBatches: 3 }));
    const whole = lastCheckpoint((await run(storage, input, 1)).events);
    const resume = { model: whole.model, state: whole.state };
    for (const file of files) {
      const [kind, name] = file.split('/') as ['states' | 'models', string];
      const folderOf = storage.path(kind, kind === 'states' ? whole.state : whole.model);
      for (const [, damage] of damages) {
        await damage(join(folderOf, name));
        await expect(run(storage, { ...input, resume })).rejects.toMatchObject({
          code: 'UNAVAILABLE',
          message: expect.stringContaining(join(folderOf, name)),
          details: { reason: 'damaged-file', field: expect.stringContaining(folderOf) },
        });
        expect(lastCheckpoint((await run(storage, input, 1)).events)).toMatchObject(resume);
      }
    }
    expect((await run(storage, { ...input, resume })).output).toMatchObject({ outcome: 'finished' });
  });
});

describe('a run', () => {
  it('tells what it does, step by step, and keeps theta_0 and a checkpoint per epoch', async () => {
    const { input, storage } = await prepare();
    const { output, events } = await run(storage, input);
    expect(output).toEqual({ outcome: 'finished', step: 14, epoch: 2 });
    expect(events[0]).toMatchObject({ type: 'started', steps: 14, epochs: 2, batches: { manuals: 3, pairs: 4 } });
    const steps = only(events, 'step');
    expect(steps.map(({ step }) => step)).toEqual(Array.from({ length: 14 }, (_, index) => index + 1));
    expect(steps.filter(({ task }) => task === 'ir').length).toBe(6);
    expect(steps[0]!.learningRate).toBe(0);
    for (const step of steps) {
      expect(Object.keys(step.components).sort()).toEqual(
        step.task === 'ir' ? ['infonce'] : ['inner-infonce', 'pearson', 'pro', 'rank-kl'],
      );
      expect(Object.values(step).every((value) => typeof value !== 'number' || Number.isFinite(value))).toBe(true);
    }
    const checkpoints = only(events, 'checkpoint');
    expect(checkpoints.map(({ reason, step, epoch }) => [reason, step, epoch])).toEqual([
      ['initial', 0, 0],
      ['epoch', 7, 1],
      ['epoch', 14, 2],
    ]);
    expect(checkpoints[0]!.model).toBe(input.model);
    expect(await readdir(`${storage.root}/tmp`)).toEqual([]);
    const { spec, close } = await readModelFolder(storage.path('models', checkpoints[1]!.model));
    expect(spec.initialisation).toBe(input.model);
    await close();
  });

  it.each([
    ['whole batches', Number.POSITIVE_INFINITY],
    ['batches in pieces', 40],
  ])('of %s goes on after a stop to the very bits of an undisturbed run, with dropout', async (_, pieceTokens) => {
    const { input, storage } = await prepare(tinySettings({ maxBatches: 12, checkpointEverySteps: 3 }));
    const endless = Number.POSITIVE_INFINITY;
    const whole = await run(storage, input, endless, pieceTokens);
    // The figures of step 4 come while step 5 is made.
    const first = await run(storage, input, 4, pieceTokens);
    expect(first.output).toMatchObject({ outcome: 'stopped', step: 5 });
    const stopped = lastCheckpoint(first.events);
    expect(stopped).toMatchObject({ reason: 'stop', step: 5 });
    const resume = { model: stopped.model, state: stopped.state };
    const second = await run(storage, { ...input, resume }, endless, pieceTokens);
    expect(second.output).toEqual(whole.output);
    expect(lastCheckpoint(second.events)).toMatchObject({ model: lastCheckpoint(whole.events).model });
    expect(lastCheckpoint(second.events).state).toBe(lastCheckpoint(whole.events).state);
    const losses = [...only(first.events, 'step'), ...only(second.events, 'step')].map(({ loss }) => loss);
    expect(losses).toEqual(only(whole.events, 'step').map(({ loss }) => loss));
  });

  it.each([
    ['dynamic', { sizeExponent: 0, equalBatchesPerTask: true }],
    ['single', {}],
    ['mixed', { shardsPerUpdate: 2, equalBatchesPerTask: true }],
    ['mixed', { shardsPerUpdate: 3, sizeExponent: 0.5, microBatchTokens: 64 }],
  ] as const)('of the sampler %s (%j) goes on at the very batch where it stopped', async (sampler, options) => {
    const { input, storage } = await prepare(tinySettings({ sampler, ...options }));
    const whole = await run(storage, input);
    const told = (events: readonly TrainEvent[]) =>
      only(events, 'step').map(({ step, epoch, task, dataset, loss, batches }) => ({
        ...{ step, epoch, task, dataset, loss, batches },
      }));
    const folders = (events: readonly TrainEvent[]) =>
      only(events, 'checkpoint').map(({ step, model, state }) => ({ step, model, state }));
    const perEpoch = only(whole.events, 'started')[0]!.steps / 2;
    // In the middle of an epoch, at its end, and just after it.
    for (const stopAfter of [2, perEpoch - 1, perEpoch]) {
      const first = await run(storage, input, stopAfter);
      const { step, model, state } = lastCheckpoint(first.events);
      const second = await run(storage, { ...input, resume: { model, state } });
      expect(second.output).toEqual(whole.output);
      expect(told(second.events)).toEqual(told(whole.events).slice(step));
      // Those at the ends of epochs; where the run stopped in between, there is one more.
      const made = [...folders(first.events), ...folders(second.events)];
      expect(made.filter((one) => one.step % perEpoch === 0)).toEqual(folders(whole.events));
    }
  });

  it.each(['dynamic', 'single', 'mixed'] as const)(
    'of the sampler %s with distinct texts shows none twice, counts what it leaves out, and resumes',
    async (sampler) => {
      const settings = tinySettings({ sampler, shardsPerUpdate: 2, distinctTexts: true, epochs: 2 });
      const { input, storage } = await prepare(settings);
      const file = tinyTokenFile('ir', 18, 11);
      // Seven records share a positive.
      const { positives } = file.splits.train;
      for (let record = 0; record < 7; record++) positives.values[record] = positives.values[0]!;
      await publishTokenFile(storage, 'shared', file);
      const datasets = [{ ...input.datasets[0]!, tokens: 'shared' }, input.datasets[1]!];
      const shared = { ...input, datasets };
      const data = await loadTrainingData(storage, datasets, (await openModel(storage, input.model)).spec);
      for (const update of samplingOfRun(settings, data).planEpoch(0).updates) {
        for (const planned of update.filter(({ dataset }) => dataset === 0)) {
          const shows = [...planned.records].filter((record) => record < 7);
          expect(shows.length).toBeLessThanOrEqual(1);
          const { texts, size } = drawBatch({ settings, epoch: 0, data }, planned);
          const { ids, cumulative } = texts;
          // One positive and one negative each, so text i belongs to record i modulo the size.
          const read = Array.from(texts.poolStart, (_, i) => `${ids.slice(cumulative[i], cumulative[i + 1])}`);
          const own = Array.from(
            { length: size },
            (_, row) => new Set([0, 1, 2].map((block) => read[block * size + row]!)),
          );
          expect(new Set(own.flatMap((set) => [...set])).size).toBe(own.reduce((sum, set) => sum + set.size, 0));
        }
      }
      const whole = await run(storage, shared);
      const warnings = only(whole.events, 'warning').filter(({ message }) => message.includes('leaves'));
      expect(warnings.map(({ step, message }) => [step > 0, message.replace(/\d+ records/, 'n records')])).toEqual(
        [1, 2].map((epoch) => [
          epoch > 1,
          `Epoch ${epoch} leaves n records of data set manuals out: they would repeat texts within a batch. Batches of another pass take their place.`,
        ]),
      );
      const first = await run(storage, shared, 3);
      const { model, state } = lastCheckpoint(first.events);
      const second = await run(storage, { ...shared, resume: { model, state } });
      expect(lastCheckpoint(second.events)).toMatchObject({
        model: lastCheckpoint(whole.events).model,
        state: lastCheckpoint(whole.events).state,
      });
      expect(only(second.events, 'warning').filter(({ message }) => message.startsWith('Epoch 1'))).toEqual([]);
      positives.values.fill(positives.values[0]!);
      await publishTokenFile(storage, 'one-positive', file);
      const one = { ...shared, datasets: [{ ...datasets[0]!, tokens: 'one-positive' }] };
      await expect(planTraining(await testGpu(), storage, one)).rejects.toMatchObject({
        details: { field: 'input.datasets.0.dataset' },
      });
    },
  );

  it('of the sampler mixed tells every batch of an update', async () => {
    const { input, storage } = await prepare(tinySettings({ sampler: 'mixed', shardsPerUpdate: 3, epochs: 1 }));
    const { events } = await run(storage, input);
    // Shards of 2: 9 of manuals and 16 of pairs.
    expect(events[0]).toMatchObject({ type: 'started', steps: 8, epochs: 1, batches: { manuals: 9, pairs: 16 } });
    const steps = only(events, 'step');
    expect(steps.length).toBe(8);
    for (const { batches, task, loss, tokens } of steps) {
      expect(batches!.map(({ dataset }) => (dataset === 'manuals' ? 'ir' : 'sts'))).toEqual(
        batches!.map((batch) => batch.task),
      );
      expect(batches!.length).toBe(3);
      const tasks = new Set(batches!.map((batch) => batch.task));
      expect(task).toBe(tasks.size === 1 ? [...tasks][0] : null);
      expect(loss).toBeCloseTo(batches!.reduce((sum, batch) => sum + batch.loss, 0) / 3, 6);
      expect(tokens).toBe(batches!.reduce((sum, batch) => sum + batch.tokens, 0));
    }
    expect(steps.some(({ task }) => task === null)).toBe(true);
  });

  it('depends on its seed', async () => {
    const { input, storage } = await prepare(tinySettings({ maxBatches: 3 }));
    const one = await run(storage, input);
    const other = await run(storage, { ...input, settings: { ...input.settings, seed: 4 } });
    expect(lastCheckpoint(other.events).model).not.toBe(lastCheckpoint(one.events).model);
  });

  it('lowers both losses', async () => {
    const { input, storage } = await prepare(tinySettings({ epochs: 12, dropout: 0, attentionDropout: 0 }));
    const steps = only((await run(storage, input)).events, 'step');
    for (const task of ['ir', 'sts'] as const) {
      const losses = steps.filter((step) => step.task === task).map(({ loss }) => loss);
      const mean = (part: number[]) => part.reduce((sum, loss) => sum + loss, 0) / part.length;
      expect(mean(losses.slice(-4))).toBeLessThan(0.8 * mean(losses.slice(0, 4)));
    }
  });

  it('leaves no memory behind', async () => {
    const gpu = await testGpu();
    const { input, storage } = await prepare(tinySettings({ maxBatches: 4, microBatchTokens: 64 }));
    await run(storage, input);
    const { persistent, pooled } = gpu.memory();
    for (const sampler of ['dynamic', 'mixed'] as const) {
      await run(storage, { ...input, settings: { ...input.settings, sampler, shardsPerUpdate: 3, maxBatches: 7 } });
      expect(gpu.memory()).toMatchObject({ persistent });
      expect(gpu.memory().pooled).toBeLessThanOrEqual(pooled * 1.1);
    }
  });
});

describe('a run that goes wrong', () => {
  it('stops at a step that is not finite, names it, and keeps the weights before it', async () => {
    const { optimizer } = tinySettings();
    const settings = tinySettings({ optimizer: { ...optimizer, learningRate: 1e30, warmupRatio: 0, clipNorm: null } });
    const { input, storage } = await prepare(settings);
    for (const sampler of ['dynamic', 'mixed'] as const) {
      const changed = { ...input, settings: { ...settings, sampler, shardsPerUpdate: 3 } };
      await expect(run(storage, changed)).rejects.toMatchObject({
        code: 'BAD_USER_INPUT',
        message: expect.stringMatching(/^Step \d+ gave a value that is not finite: .*(forward|backward)/),
      });
    }
  });

  it('tells a step that is not finite also when it is being stopped', async () => {
    const { optimizer } = tinySettings();
    const settings = tinySettings({
      optimizer: { ...optimizer, learningRate: 1e30, warmupRatio: 0, clipNorm: null },
      microBatchTokens: 64,
    });
    const { input, storage } = await prepare(settings);
    await expect(run(storage, input, 1)).rejects.toMatchObject({
      message: expect.stringMatching(/^Step 2 gave a value/),
    });
  });

  it('is refused when what it resumes is not its own', async () => {
    const { input, storage } = await prepare(tinySettings({ maxBatches: 3 }));
    const checkpoint = lastCheckpoint((await run(storage, input)).events);
    const resume = { model: checkpoint.model, state: checkpoint.state };
    const { epsilon: _epsilon, ...optimizer } = input.settings.optimizer;
    const settings = { ...input.settings, optimizer: { ...optimizer, epsilon: 1e-7 } };
    await expect(run(storage, { ...input, settings, resume })).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(run(storage, { ...input, datasets: input.datasets.slice(1), resume })).rejects.toMatchObject({
      code: 'CONFLICT',
    });
    await expect(run(storage, { ...input, resume: { ...resume, model: input.model } })).rejects.toMatchObject({
      code: 'CONFLICT',
    });
    await expect(run(storage, { ...input, resume: { ...resume, state: 'c'.repeat(64) } })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    });
    const state = await readState(storage, checkpoint.state);
    expect(state.position).toEqual({ step: 3, epoch: 0, batch: 3 });
    const { adapter, traits } = await testGpu();
    const now = { ...input, model: checkpoint.model, adapter, traits, allowDifferentAdapter: false };
    const older = { ...state, versions: { ...state.versions!, webgpu: '0.0.1' } };
    expect(() => checkResume(state, now)).not.toThrow();
    const on = <T extends { readonly adapter: object }>(backend: string, of: T): T => ({
      ...of,
      adapter: { ...of.adapter, backend },
    });
    const newer = on('vulkan', now);
    expect(() => checkResume(on('vulkan', older), newer)).toThrow('webgpu 0.0.1');
    expect(() => checkResume(on('vulkan', older), { ...newer, allowDifferentAdapter: true })).not.toThrow();
    expect(() => checkResume(on('wasm', older), on('wasm', now))).not.toThrow();
    const { versions: _versions, ...unversioned } = state;
    expect(() => checkResume(unversioned, now)).not.toThrow();
    // The piece that its form always had is not recorded, so equal states keep their digest; another piece is.
    expect(recordedPacing(deviceTraits.row)).toEqual({});
    expect(state.pacing).toEqual(recordedPacing(traits).pacing);
    const other = { ...now, traits: { ...traits, piece: 1e9 } };
    const { pacing } = recordedPacing(other.traits);
    expect(pacing).toEqual({ form: traits.form, piece: 1e9 });
    for (const [before, resumed] of [
      [state, other],
      [{ ...state, pacing: pacing! }, now],
    ] as const) {
      expect(() => checkResume(before, resumed)).toThrow('1000000000 operations at once');
      expect(() => checkResume(before, { ...resumed, allowDifferentAdapter: true })).not.toThrow();
    }
    expect(() => checkResume({ ...state, pacing: pacing! }, other)).not.toThrow();
  });

  it('is refused before it starts when its data cannot be trained on', async () => {
    const gpu = await testGpu();
    const { input, storage } = await prepare();
    const file = tinyTokenFile('sts', 16, 5);
    file.splits.train.positives.scores[3] = -1;
    await publishTokenFile(storage, 'ungraded', file);
    const withTokens = (tokens: string): TrainInput => ({
      ...input,
      datasets: [{ ...input.datasets[1]!, tokens }],
    });
    await expect(planTraining(gpu, storage, withTokens('ungraded'))).rejects.toMatchObject({
      details: { field: 'positive_scores' },
    });
    const foreign = tinyTokenFile('sts', 16, 5);
    foreign.texts.ids[7] = 60;
    await publishTokenFile(storage, 'foreign', foreign);
    await expect(planTraining(gpu, storage, withTokens('foreign'))).rejects.toMatchObject({
      details: { field: 'texts' },
    });
    await expect(planTraining(gpu, storage, withTokens('tiny-ir'))).rejects.toMatchObject({
      details: { field: 'datasets.task' },
    });
    const tooBig = { ...input, settings: { ...input.settings, stsBatchSize: 33 } };
    await expect(planTraining(gpu, storage, tooBig)).rejects.toMatchObject({
      details: { field: 'input.datasets.1.dataset' },
    });
  });
});
