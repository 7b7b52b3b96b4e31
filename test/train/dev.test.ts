/** Evaluation while training: the joint score, patience, and runs that are the same with it and after a stop. */
import { describe, expect, it } from 'vitest';
import { DeviceServer } from '../../src/serve/server.ts';
import { publishTokenFile } from '../../src/tokens/token-file.ts';
import type { DevSettings, RunSettings } from '../../src/train/catalog.ts';
import { jointScore, judge } from '../../src/train/dev.ts';
import { train } from '../../src/train/loop.ts';
import { readState } from '../../src/train/state.ts';
import type { DevFigures, DevSet, TrainEvent } from '../../src/train/types.ts';
import { testGpu } from '../device.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { prepareTinyRun, type TinyRun, tinySettings, tinyTokenFile } from './fixture.ts';
import { lastCheckpoint, only } from './whole-run.ts';

const folder = temporaryFolder();
let folders = 0;

const devSettings = (changes: Partial<DevSettings> = {}): DevSettings => ({
  ...{ everySteps: null, patience: null, minDelta: 0 },
  weights: { ir: 0.5, sts: 0.5 },
  ...changes,
});
const devSets: readonly DevSet[] = [
  { name: 'manuals', task: 'ir', split: 'test', digest: 'c'.repeat(64), tokens: 'dev-ir' },
  { name: 'pairs', task: 'sts', split: 'test', digest: 'd'.repeat(64), tokens: 'dev-sts' },
];

async function prepare(settings: Partial<RunSettings>, sets = devSets): Promise<TinyRun> {
  const { storage, input } = await prepareTinyRun(`${folder()}/${folders++}`, tinySettings(settings));
  await publishTokenFile(storage, 'dev-ir', tinyTokenFile('ir', 9, 21));
  await publishTokenFile(storage, 'dev-sts', tinyTokenFile('sts', 15, 22));
  return { storage, input: { ...input, ...(settings.dev && { dev: sets }) } };
}

interface Watch {
  /** Stops the run at an event. */
  readonly stopAt?: (event: TrainEvent) => boolean;
  /** Stops the run while it evaluates for the n-th time, counted from 1. */
  readonly stopInEvaluation?: number;
}

async function run({ storage, input }: TinyRun, { stopAt, stopInEvaluation }: Watch = {}) {
  const gpu = await testGpu();
  const server = new DeviceServer(gpu, storage);
  const events: TrainEvent[] = [];
  const stop = new AbortController();
  let evaluations = 0;
  const output = await train(gpu, storage, input, {
    signal: stop.signal,
    turn: async () => {},
    emit: (event) => {
      events.push(event);
      if (stopAt?.(event)) stop.abort();
    },
    evaluate: (encoder, set, turn) => {
      if (set === input.dev?.[0] && ++evaluations === stopInEvaluation) stop.abort();
      return server.evaluateInPlace(encoder, set, turn);
    },
  });
  return { output, events };
}

const scores = (events: readonly TrainEvent[]) => only(events, 'evaluation').map(({ step, score }) => [step, score]);

const figures = (task: 'ir' | 'sts', value: number | null): DevFigures => ({
  ...{ dataset: `${task}-${value}`, split: 'dev', pooled: false, task, main: 'main', metrics: { main: value } },
  ...{ undefinedReasons: value === null ? { main: 'all scores are equal' } : {}, count: 1, documents: 0 },
  ...{ seconds: 0, tokens: 0 },
});

describe('the joint score', () => {
  it('is the weighted sum of the means of both tasks', () => {
    const sets = [figures('ir', 0.4), figures('sts', 0.9), figures('ir', 0.6)];
    expect(jointScore(sets, { ir: 0.5, sts: 0.5 })).toBeCloseTo(0.7, 12);
    expect(jointScore(sets, { ir: 0.8, sts: 0.2 })).toBeCloseTo(0.58, 12);
    expect(jointScore(sets, { ir: 0, sts: 1 })).toBe(0.9);
  });

  it('is refused where a figure that counts is undefined', () => {
    const sets = [figures('ir', 0.4), figures('sts', null)];
    expect(() => jointScore(sets, { ir: 0.5, sts: 0.5 })).toThrow(
      expect.objectContaining({
        code: 'BAD_USER_INPUT',
        details: expect.objectContaining({ reason: 'undefined-figure', field: 'devSets' }),
      }),
    );
    expect(jointScore(sets, { ir: 1, sts: 0 })).toBe(0.4);
  });
});

describe('patience', () => {
  const follow = (values: readonly number[], minDelta = 0) => {
    let progress = null as ReturnType<typeof judge> | null;
    for (const [step, score] of values.entries()) progress = judge(progress, { step, score }, { minDelta });
    return progress;
  };
  it('counts evaluations in a row that are not above the best; ties keep the earlier', () => {
    expect(follow([0.5, 0.6, 0.6, 0.55])).toEqual({ step: 3, best: { step: 1, score: 0.6 }, stale: 2 });
    expect(follow([0.5, 0.4, 0.6])).toEqual({ step: 2, best: { step: 2, score: 0.6 }, stale: 0 });
  });
  it('is not renewed by a rise of minDelta or less, which is the best all the same', () => {
    expect(follow([0.5, 0.5625], 0.0625)).toEqual({ step: 1, best: { step: 1, score: 0.5625 }, stale: 1 });
    expect(follow([0.5, 0.57], 0.0625)).toEqual({ step: 1, best: { step: 1, score: 0.57 }, stale: 0 });
  });
});

describe('a run that is evaluated', () => {
  it('makes the weights of one that is not, bit for bit, and tells the figures of each checkpoint', async () => {
    const plain = await run(await prepare({ checkpointEverySteps: 3 }));
    const evaluated = await run(await prepare({ checkpointEverySteps: 3, dev: devSettings({ everySteps: 2 }) }));
    const digests = new Map(only(evaluated.events, 'checkpoint').map(({ step, model }) => [step, model]));
    for (const { step, model } of only(plain.events, 'checkpoint')) expect(digests.get(step)).toBe(model);
    const losses = (events: readonly TrainEvent[]) =>
      only(events, 'step').map(({ loss, gradientNorm }) => [loss, gradientNorm]);
    expect(losses(evaluated.events)).toEqual(losses(plain.events));
    expect(scores(evaluated.events).map(([step]) => step)).toEqual([0, 2, 3, 4, 6, 7, 8, 9, 10, 12, 14]);
  });

  it('gives the figures that its checkpoint has when it is evaluated afterwards', async () => {
    const prepared = await prepare({ maxBatches: 4, dev: devSettings() });
    const { events } = await run(prepared);
    const server = new DeviceServer(await testGpu(), prepared.storage);
    for (const { step, figures } of only(events, 'evaluation')) {
      const checkpoint = only(events, 'checkpoint').find((event) => event.step === step)!;
      for (const [i, { tokens, split }] of devSets.entries()) {
        const options = { signal: new AbortController().signal, onEncoded: () => {} };
        const [found] = await server.evaluate({ model: checkpoint.model, tokens, split }, options);
        expect(figures[i]!.metrics).toEqual(found!.metrics);
      }
    }
  });

  it('keeps a checkpoint of an evaluation between others only if it is the best so far', async () => {
    const { events } = await run(await prepare({ dev: devSettings({ everySteps: 1 }) }));
    const evaluations = only(events, 'evaluation');
    const rising = evaluations.filter(({ score }, i) =>
      evaluations.slice(0, i).every((before) => score > before.score),
    );
    const between = rising.map(({ step }) => step).filter((step) => step % 7 !== 0);
    const checkpoints = only(events, 'checkpoint');
    expect(checkpoints.filter(({ reason }) => reason === 'best').map(({ step }) => step)).toEqual(between);
    expect(between.length).toBeGreaterThan(0);
    expect(evaluations.at(-1)).toMatchObject({ best: { score: rising.at(-1)!.score } });
    // A best checkpoint is told before its evaluation.
    const order = events.flatMap((event) => ('step' in event && event.step === between[0] ? [event.type] : []));
    expect(order).toEqual(['step', 'checkpoint', 'evaluation']);
  });

  it.each([
    ['between updates', { stopAt: (event: TrainEvent) => event.type === 'step' && event.step === 4 }],
    ['after an evaluation', { stopAt: (event: TrainEvent) => event.type === 'evaluation' && event.step === 6 }],
    ['while it evaluates', { stopInEvaluation: 3 }],
    ['while it evaluates theta_0', { stopInEvaluation: 1 }],
  ])('that is stopped %s goes on to the same bits and scores', async (_, watch) => {
    const prepared = await prepare({ checkpointEverySteps: 5, dev: devSettings({ everySteps: 2, patience: 50 }) });
    const whole = await run(prepared);
    const first = await run(prepared, watch);
    expect(first.output.outcome).toBe('stopped');
    const { model, state } = lastCheckpoint(first.events);
    const second = await run({ ...prepared, input: { ...prepared.input, resume: { model, state } } });
    expect(second.output).toEqual(whole.output);
    expect(lastCheckpoint(second.events)).toMatchObject({
      model: lastCheckpoint(whole.events).model,
      state: lastCheckpoint(whole.events).state,
    });
    const seen = new Map([...scores(first.events), ...scores(second.events)].map(([step, score]) => [step, score]));
    expect([...seen]).toEqual(scores(whole.events));
    expect(only(second.events, 'evaluation').at(-1)).toEqual({
      ...only(whole.events, 'evaluation').at(-1)!,
      ...{ seconds: expect.any(Number), figures: expect.any(Array) },
    });
  });

  it('goes on with the pool that it began with, where another is made now', async () => {
    const [ir, sts] = [devSets[0]!, devSets[1]!];
    const prepared = await prepare({ maxBatches: 4, dev: devSettings() }, [
      { ...ir, pool: Uint32Array.of(0, 1, 2) },
      sts,
    ]);
    const whole = await run(prepared);
    const { model, state } = lastCheckpoint((await run(prepared, { stopAt: ({ type }) => type === 'step' })).events);
    // As of another ICU, whose words are others.
    const dev = [{ ...ir, pool: Uint32Array.of(0, 1, 2, 3, 4, 5) }, sts];
    const second = await run({ ...prepared, input: { ...prepared.input, dev, resume: { model, state } } });
    expect(scores(second.events).at(-1)).toEqual(scores(whole.events).at(-1));
    expect(lastCheckpoint(second.events).state).toBe(lastCheckpoint(whole.events).state);
    // With that pool the figures would be others.
    const other = await run({ ...prepared, input: { ...prepared.input, dev } });
    expect(scores(other.events).at(-1)).not.toEqual(scores(whole.events).at(-1));
  });

  it('refuses to go on with other dev sets', async () => {
    const prepared = await prepare({ maxBatches: 4, dev: devSettings() });
    const { events } = await run(prepared, { stopAt: ({ type }) => type === 'step' });
    const { model, state } = lastCheckpoint(events);
    const others = [{ ...devSets[0]!, pool: Uint32Array.of(0, 1, 2) }, devSets[1]!];
    const resumed = { ...prepared.input, dev: others, resume: { model, state } };
    await expect(run({ ...prepared, input: resumed })).rejects.toMatchObject({ code: 'CONFLICT' });
  });

  it('refuses a dev set without records before it trains', async () => {
    const empty = [devSets[0]!, { ...devSets[1]!, split: 'dev' as const }];
    await expect(run(await prepare({ dev: devSettings() }, empty))).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      details: { field: 'devSets' },
    });
  });
});

describe('early stopping', () => {
  // A learning rate of 0: the score never rises above that of theta_0.
  const still = { ...tinySettings().optimizer, learningRate: 0 };
  const settings = { optimizer: still, dev: devSettings({ everySteps: 2, patience: 3 }) };

  it('ends the run after so many evaluations, with a checkpoint there; the first stays the best', async () => {
    const { output, events } = await run(await prepare(settings));
    expect(output).toMatchObject({ outcome: 'early-stopped', step: 6 });
    expect(only(events, 'evaluation').at(-1)).toMatchObject({ step: 6, best: { step: 0 }, stale: 3 });
    expect(lastCheckpoint(events)).toMatchObject({ reason: 'stop', step: 6 });
  });

  it('keeps the schedule of the planned updates', async () => {
    const optimizer = { ...tinySettings().optimizer, learningRate: 1e-3 };
    const dev = devSettings({ everySteps: 1, patience: 1, minDelta: 1 });
    const { output, events } = await run(await prepare({ optimizer, dev }));
    expect(output).toMatchObject({ outcome: 'early-stopped', step: 1 });
    const planned = await run(await prepare({ optimizer }));
    expect(only(events, 'step')[0]).toMatchObject({
      steps: 14,
      learningRate: only(planned.events, 'step')[0]!.learningRate,
    });
  });

  it('stops at the same step and bits when the run was killed before, and at once when it was killed at its end', async () => {
    const prepared = await prepare({ ...settings, checkpointEverySteps: 3 });
    const whole = await run(prepared);
    expect(whole.output).toMatchObject({ outcome: 'early-stopped', step: 4 });
    for (const checkpoint of only(whole.events, 'checkpoint')) {
      const { model, state } = checkpoint;
      const resumed = await run({ ...prepared, input: { ...prepared.input, resume: { model, state } } });
      expect(resumed.output).toEqual(whole.output);
      const end = lastCheckpoint(whole.events);
      if (checkpoint.step < end.step)
        expect(lastCheckpoint(resumed.events)).toMatchObject({ model: end.model, state: end.state });
    }
    const { dev } = await readState(prepared.storage, lastCheckpoint(whole.events).state);
    expect(dev?.progress).toMatchObject({ step: 3, best: { step: 0 }, stale: 2 });
  });

  it('that would come with the last planned update is no early stop', async () => {
    const { output } = await run(await prepare({ ...settings, maxBatches: 6 }));
    expect(output).toMatchObject({ outcome: 'finished', step: 6 });
  });
});
