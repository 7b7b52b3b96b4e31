/** Groups of parameters: which one counts, what is refused, and runs with them that stop and go on. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readModelFolder } from '../../src/formats/model-folder.ts';
import { openSafetensors } from '../../src/formats/safetensors.ts';
import type { OptimizerSettings, ParameterGroup, RunSettings } from '../../src/train/catalog.ts';
import { planTraining, train } from '../../src/train/loop.ts';
import { groupParameters } from '../../src/train/parameter-groups.ts';
import type { TrainEvent } from '../../src/train/types.ts';
import { testGpu } from '../device.ts';
import { tinySpec } from '../nn/tiny.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { prepareTinyRun, type TinyRun, tinySettings } from './fixture.ts';

const group = (parameters: string, changes: Partial<ParameterGroup> = {}): ParameterGroup => ({
  ...{ parameters, learningRate: null, weightDecay: null, frozen: false },
  ...changes,
});
const frozen = (parameters: string): ParameterGroup => group(parameters, { frozen: true });
const optimizerOf = (...groups: readonly ParameterGroup[]): OptimizerSettings => ({
  ...tinySettings().optimizer,
  groups,
});

describe('the groups of a model', () => {
  const spec = {
    ...tinySpec({ layers: 3 }),
    dense: [{ inFeatures: 16, outFeatures: 8, bias: false, activation: 'identity' }] as const,
  };
  const base = { learningRate: 2e-3, weightDecay: 0.01 };

  it('are one where none is named', () => {
    const { rates, groupOf, frozenBlocks } = groupParameters(spec, optimizerOf());
    expect([rates, groupOf('embeddings.LayerNorm.bias'), frozenBlocks]).toEqual([[base], 0, 0]);
  });

  it('are those of the first match, merged where their rates are equal', () => {
    const { rates, groupOf } = groupParameters(
      spec,
      optimizerOf(
        frozen('embeddings.word*'),
        group('encoder.layer.1.*.bias'),
        group('encoder.layer.1.*', { learningRate: 0 }),
        group('*embeddings*', { weightDecay: 0 }),
        group('2_Dense/*', { weightDecay: 0, learningRate: 2e-3 }),
      ),
    );
    const ratesOf = (name: string) => {
      const place = groupOf(name);
      return place === null ? null : rates[place];
    };
    expect(rates.length).toBe(3);
    expect(ratesOf('embeddings.word_embeddings.weight')).toBeNull();
    expect(ratesOf('embeddings.position_embeddings.weight')).toEqual({ ...base, weightDecay: 0 });
    expect(ratesOf('encoder.layer.1.output.dense.bias')).toEqual(base);
    expect(ratesOf('encoder.layer.1.output.dense.weight')).toEqual({ ...base, learningRate: 0 });
    expect(ratesOf('encoder.layer.2.output.dense.weight')).toEqual(base);
    expect(groupOf('dense.0.linear.weight')).toBe(groupOf('embeddings.position_embeddings.weight'));
  });

  it.each([
    [['embeddings.*'], 0],
    [['encoder.layer.0.*'], 0],
    [['embeddings.*', 'encoder.layer.0.*'], 1],
    [['embeddings.*', 'encoder.layer.?.*'], 3],
    [['*.weight', 'embeddings.*'], 0],
  ])('know the blocks to which nothing goes back: %o', (globs, blocks) => {
    expect(groupParameters(spec, optimizerOf(...globs.map(frozen))).frozenBlocks).toBe(blocks);
  });

  it.each([
    ['a glob without a match', [group('*'), frozen('encoder.layer.3.*')], '1.parameters', /"encoder\.layer\.3\.\*"/],
    ['names inside Tandem', [frozen('dense.0.*')], '0.parameters', /dense\.0/],
    ['a rate of a frozen group', [group('*bias', { frozen: true, weightDecay: 0 })], '0.frozen', /\*bias/],
    ['everything frozen', [frozen('*.weight'), frozen('*')], '', /every parameter/],
  ] as const)('refuse %s', (_, groups, field, message) => {
    const path = ['input.settings.optimizer.groups', ...(field === '' ? [] : [field])].join('.');
    expect(() => groupParameters(spec, optimizerOf(...groups))).toThrow(
      expect.objectContaining({
        code: 'BAD_USER_INPUT',
        message: expect.stringMatching(message),
        details: expect.objectContaining({ field: path }),
      }),
    );
  });
});

const folder = temporaryFolder();
let folders = 0;
const prepare = (optimizer: OptimizerSettings, changes: Partial<RunSettings> = {}): Promise<TinyRun> =>
  prepareTinyRun(`${folder()}/${folders++}`, tinySettings({ ...changes, optimizer }), tinySpec({ layers: 3 }));
type Checkpoint = Extract<TrainEvent, { type: 'checkpoint' }>;

async function run({ storage, input }: TinyRun, stopAfter = Number.POSITIVE_INFINITY): Promise<Checkpoint> {
  const stop = new AbortController();
  const checkpoints: Checkpoint[] = [];
  await train(await testGpu(), storage, input, {
    signal: stop.signal,
    turn: async () => {},
    emit: (event) => {
      if (event.type === 'step' && event.step >= stopAfter) stop.abort();
      if (event.type === 'checkpoint') checkpoints.push(event);
    },
  });
  return checkpoints.at(-1)!;
}

describe('a run with groups', () => {
  const groups = [
    frozen('embeddings.*'),
    frozen('encoder.layer.0.*'),
    group('encoder.layer.2.*', { learningRate: 1e-2, weightDecay: 0.3 }),
  ];

  it('goes on after a stop to the same bits, with activations recomputed too, and only with the same groups', async () => {
    const tiny = await prepare(optimizerOf(...groups), { maxBatches: 9, recomputeActivations: true });
    const whole = await run(tiny);
    const stopped = await run(tiny, 4);
    expect(stopped).toMatchObject({ reason: 'stop', step: 5 });
    const input = { ...tiny.input, resume: { model: stopped.model, state: stopped.state } };
    expect(await run({ ...tiny, input })).toEqual(whole);
    const settings = { ...input.settings, optimizer: optimizerOf(...groups.slice(1)) };
    await expect(run({ ...tiny, input: { ...input, settings } })).rejects.toMatchObject({ code: 'CONFLICT' });
    const kept = await prepare(optimizerOf(...groups), { maxBatches: 9 });
    expect((await run(kept)).model).toBe(whole.model);
  });

  it('changes the weights of the others alone, and keeps moments of them alone', async () => {
    const tiny = await prepare(optimizerOf(...groups), { maxBatches: 3 });
    const { model, state } = await run(tiny);
    const path = (digest: string): string => tiny.storage.path('models', digest);
    const [before, after] = [await readModelFolder(path(tiny.input.model)), await readModelFolder(path(model))];
    const trained: string[] = [];
    for (const [name, { shape }] of before.weights.tensors) {
      const [a, b] = [await before.weights.read(name, shape), await after.weights.read(name, shape)];
      if (Buffer.compare(Buffer.from(a.buffer), Buffer.from(b.buffer)) !== 0) trained.push(name);
    }
    for (const { close } of [before, after]) await close();
    const moments = await openSafetensors(join(tiny.storage.path('states', state), 'moments.safetensors'));
    expect([...moments.tensors.keys()].sort()).toEqual(trained.flatMap((name) => [`m.${name}`, `v.${name}`]).sort());
    await moments.close();
    expect(trained.length).toBe(2 * 16);
    expect(trained.every((name) => /^encoder\.layer\.[12]\./.test(name))).toBe(true);
  });

  it('plans what it trains, in less memory', async () => {
    const gpu = await testGpu();
    const { storage, input } = await prepare(optimizerOf());
    const planOf = (...some: readonly ParameterGroup[]) =>
      planTraining(gpu, storage, { ...input, settings: { ...input.settings, optimizer: optimizerOf(...some) } });
    const [all, part] = [await planOf(), await planOf(...groups)];
    expect(all.memory.optimizer).toBe(all.memory.parameters);
    expect(part.parameters).toBe((2 / 3) * (all.parameters - 50 * 16 - 40 * 16 - 2 * 16 - 2 * 16));
    expect(part.memory.optimizer).toBeLessThan(0.7 * all.memory.optimizer);
    expect(part.memory.parameters).toBe(all.memory.parameters / 2 + part.memory.optimizer / 2);
    expect(part.memory.activations).toBeLessThan(0.8 * all.memory.activations);
    await expect(planOf(frozen('nothing'))).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
  });
});
