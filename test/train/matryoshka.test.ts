/** Losses at several dimensions: against PyTorch, at full width, and in a run. */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Gpu } from '../../src/device/types.ts';
import type { LossName, LossTerm } from '../../src/nn/losses/catalog.ts';
import { defaultRunSettings, type MatryoshkaLevel } from '../../src/train/catalog.ts';
import type { GlobalBatch } from '../../src/train/global-batch.ts';
import { train } from '../../src/train/loop.ts';
import { recordObjective } from '../../src/train/objective.ts';
import { readReport } from '../../src/train/report.ts';
import type { TrainEvent } from '../../src/train/types.ts';
import { expectClose, expectGradient, random, testGpu, withTensors } from '../device.ts';
import { innerInfonce, normalise, normaliseBackward } from '../reference/losses.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { tolerances } from '../tolerances.ts';
import { prepareTinyRun, tinySettings } from './fixture.ts';

const folder = temporaryFolder();
let gpu: Gpu;
beforeAll(async () => {
  gpu = await testGpu();
});

interface Golden {
  readonly loss: LossName;
  readonly params: { readonly positives?: number; readonly negatives?: number } & Record<string, number>;
  readonly levels: readonly MatryoshkaLevel[];
  readonly inputs: { queries: number[][]; passages?: number[][]; partners?: number[][]; grades?: number[] };
  readonly value: number;
  readonly gradient: { queries: number[][]; passages?: number[][]; partners?: number[][] };
}

const file = new URL('../fixtures/losses-matryoshka.json', import.meta.url);
const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { cases: Golden[] };

const noTexts = { ids: new Uint32Array(0), cumulative: new Uint32Array(1), poolStart: new Uint32Array(0) };

/** The texts of a batch in its order: passages stand query by query, positives and negatives apart. */
function orderOf(queries: readonly number[][], passages: readonly number[][], P: number, N: number): number[] {
  const of = (isPositive: boolean) => passages.flatMap((row, at) => (at % (P + N) < P === isPositive ? row : []));
  return [...queries.flat(), ...of(true), ...of(false)];
}

function batchOf({ loss, params, inputs }: Golden): GlobalBatch {
  const { positives = 0, negatives = 0, ...parameters } = params;
  const size = inputs.queries.length;
  const terms = [{ loss, weight: 3, parameters }];
  const shared = { dataset: 'x', size, texts: noTexts, terms };
  if (inputs.grades) return { task: 'sts', ...shared, grades: Float32Array.from(inputs.grades) };
  const drawn = { negativeMask: new Uint8Array(size).fill(1), slots: new Uint32Array(size) };
  return { task: 'ir', ...shared, positives, negatives, ...drawn };
}

/** Value and gradient with respect to unit rows [M, width], for the terms of the batch's task. */
function onDevice(
  batch: GlobalBatch,
  unit: Float64Array,
  width: number,
  levels: readonly MatryoshkaLevel[] | null,
  inner?: Float64Array,
) {
  return withTensors(gpu, async (scope) => {
    const matrix = (name: string, data: Float64Array) =>
      scope.upload(name, [data.length / width, width], Float32Array.from(data));
    const like = (name: string, data: Float64Array) => scope.unwritten(name, [data.length / width, width]);
    const vectors = { final: matrix('vectors', unit), inner: inner && matrix('inner', inner) };
    const gradients = { final: like('gradients', unit), inner: inner && like('inner gradients', inner) };
    const objective = recordObjective(gpu, { batch, share: 1, levels }, vectors, gradients);
    const step = { total: objective.total, batches: [objective], release: objective.release };
    const { components } = (await readReport(gpu, step, objective.total)).batches[0]!;
    const total = (await gpu.read(objective.total))[0]!;
    const final = await gpu.read(gradients.final);
    const ofInner = gradients.inner ? await gpu.read(gradients.inner) : undefined;
    objective.release();
    return { total, components, final, inner: ofInner };
  });
}

describe('losses at several dimensions', () => {
  it('have goldens of both tasks', () =>
    expect(
      cases
        .map(({ loss }) => loss)
        .sort()
        .join(),
    ).toMatch(/^(cosent,?)+(infonce,?)+$/));

  it.each(cases.map((golden, index) => [index, golden] as const))('equal golden %i', async (_, golden) => {
    const batch = batchOf(golden);
    const width = golden.inputs.queries[0]!.length;
    const { positives: P = 1, negatives: N = 0 } = golden.params;
    const { inputs, gradient } = golden;
    const others = inputs.passages ?? inputs.partners!;
    const { unit, norm } = normalise(orderOf(inputs.queries, others, P, N), width);
    const found = await onDevice(batch, unit, width, golden.levels);
    expectClose([found.total / 3], [golden.value], tolerances.companion, 'total');
    expectClose([found.components[golden.loss]!], [golden.value], tolerances.companion, 'component');
    const slopes = normaliseBackward(
      unit,
      norm,
      Float64Array.from(found.final, (slope) => slope / 3),
    );
    expectGradient(slopes, orderOf(gradient.queries, gradient.passages ?? gradient.partners!, P, N), 'vectors', 1);
  });

  it('give the bits of whole vectors where the only dimension is the full one', async () => {
    for (const golden of cases) {
      const batch = batchOf(golden);
      const width = golden.inputs.queries[0]!.length;
      const { positives: P = 1, negatives: N = 0 } = golden.params;
      const others = golden.inputs.passages ?? golden.inputs.partners!;
      const { unit } = normalise(orderOf(golden.inputs.queries, others, P, N), width);
      const whole = await onDevice(batch, unit, width, null);
      const full = await onDevice(batch, unit, width, [{ dimension: width, weight: 1 }]);
      expect(full).toEqual(whole);
    }
  });

  it('leave those of the inner layer at its full width, once', async () => {
    const [width, size] = [6, 5];
    const grades = Float32Array.of(1, 0, 1, 0.5, 1);
    const batchOfTerms = (terms: readonly LossTerm[]): GlobalBatch => ({
      ...{ task: 'sts', dataset: 'x', size, texts: noTexts, grades, terms },
    });
    const rows = (seed: number) => normalise(random(seed).floats(2 * size * width), width).unit;
    const [final, inner] = [rows(1), rows(2)];
    const { sts } = defaultRunSettings.losses;
    const levels = [6, 3].map((dimension) => ({ dimension, weight: 2 }));
    const expected = innerInfonce(inner.slice(0, size * width), inner.slice(size * width), width, grades);
    for (const terms of [sts, sts.filter(({ loss }) => loss === 'inner-infonce')]) {
      const found = await onDevice(batchOfTerms(terms), final, width, levels, inner);
      expectClose([found.components['inner-infonce']!], [expected.value], tolerances.companion, 'value');
      expectGradient(Float64Array.from(found.inner!), [...expected.dQueries, ...expected.dPositives], 'inner');
      expect(found.final.some((slope) => slope !== 0)).toBe(terms === sts);
    }
  });
});

it('a run lowers the sum over its dimensions', async () => {
  const levels = [16, 8, 4].map((dimension) => ({ dimension, weight: 1 }));
  const settings = tinySettings({ epochs: 4, dropout: 0, attentionDropout: 0, matryoshka: levels });
  const { input, storage } = await prepareTinyRun(folder(), settings);
  const events: TrainEvent[] = [];
  const output = await train(gpu, storage, input, {
    ...{ signal: new AbortController().signal, turn: async () => {} },
    emit: (event) => events.push(event),
  });
  expect(output).toMatchObject({ outcome: 'finished', epoch: 4 });
  const meanOf = (task: string, epoch: number): number => {
    const steps = events.flatMap((event) =>
      event.type === 'step' && event.task === task && event.epoch === epoch ? [event.loss] : [],
    );
    return steps.reduce((sum, loss) => sum + loss, 0) / steps.length;
  };
  for (const task of ['ir', 'sts']) expect(meanOf(task, 4)).toBeLessThan(meanOf(task, 1));
});
