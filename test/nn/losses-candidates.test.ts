/** Losses for comparison and company on candidates, against PyTorch and float64, single queries included. */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Gpu } from '../../src/device/types.ts';
import type { LossName, LossTerm } from '../../src/nn/losses/catalog.ts';
import { irLoss } from '../../src/nn/losses/index.ts';
import { expectClose, expectGradient, random, testGpu, withTensors } from '../device.ts';
import { normalise, normaliseBackward } from '../reference/losses.ts';
import { scoreDistillation, spreadOut, symmetricInfonce } from '../reference/losses-companions.ts';
import { tolerances } from '../tolerances.ts';

let gpu: Gpu;
beforeAll(async () => {
  gpu = await testGpu();
});

interface Golden {
  readonly loss: LossName;
  readonly params: { readonly positives: number; readonly negatives: number };
  readonly inputs: {
    readonly queries: number[][];
    readonly passages?: number[][];
    readonly teacherScores?: (number | null)[][];
  };
  readonly value: number;
  readonly gradient: { readonly queries: number[][]; readonly passages?: number[][] };
}

const file = new URL('../fixtures/losses-companions.json', import.meta.url);
const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { cases: Golden[] };

interface Batch {
  readonly width: number;
  readonly P: number;
  readonly N: number;
  /** Unit rows. */
  readonly queries: Float64Array;
  readonly positives: Float64Array;
  readonly negatives: Float64Array;
  readonly slots?: Uint32Array;
  readonly scores?: { readonly positives: Float32Array; readonly negatives: Float32Array };
}

interface Found {
  readonly value: number;
  readonly dQueries: Float64Array;
  readonly dPositives: Float64Array;
  readonly dNegatives: Float64Array;
}

async function onDevice(batch: Batch, term: Omit<LossTerm, 'weight'>): Promise<Found> {
  const { width, P, N, slots, scores } = batch;
  const weight = 3;
  return withTensors(gpu, async (scope) => {
    const upload = (name: string, data: Float64Array) =>
      scope.upload(name, [data.length / width, width], Float32Array.from(data));
    const result = irLoss(gpu, {
      queries: upload('queries', batch.queries),
      positives: upload('positives', batch.positives),
      negatives: N > 0 ? upload('negatives', batch.negatives) : null,
      ...{ P, N, ...(slots && { slots }), ...(scores && { teacherScores: scores }) },
      terms: [{ ...term, weight }],
    });
    const value = (await gpu.read(result.components[term.loss]!))[0]!;
    expectClose(await gpu.read(result.total), [value * weight], { absolute: 1e-6, relative: 1e-6 }, 'total');
    const { queries, positives, negatives } = result.gradients;
    const read = async (tensor: typeof negatives) =>
      tensor ? Float64Array.from(await gpu.read(tensor), (slope) => slope / weight) : new Float64Array(0);
    const [dQueries, dPositives, dNegatives] = [await read(queries), await read(positives), await read(negatives)];
    result.release();
    return { value, dQueries, dPositives, dNegatives };
  });
}

function expectFound(found: Found, expected: Found): void {
  expectClose([found.value], [expected.value], tolerances.companion, 'value');
  expectGradient(found.dQueries, expected.dQueries, 'queries');
  expectGradient(found.dPositives, expected.dPositives, 'positives');
  expectGradient(found.dNegatives, expected.dNegatives, 'negatives', 1);
}

const unitRows = (seed: number, rows: number, width: number): Float64Array =>
  Float64Array.from(Float32Array.from(normalise(random(seed).floats(rows * width), width).unit));

/** Logits, of which a third is missing. */
const someScores = (seed: number, count: number): Float32Array =>
  random(seed)
    .floats(count)
    .map((score, at) => (at % 3 === 1 ? Number.NaN : score * 5));

const batchOf = (B: number, P: number, N: number, width: number): Batch => ({
  ...{ width, P, N },
  queries: unitRows(B, B, width),
  positives: unitRows(B + 1, B * P, width),
  negatives: unitRows(B + 2, B * N, width),
  scores: { positives: someScores(B + 3, B * P), negatives: someScores(B + 4, B * N) },
});

/** Passages [query][positives then negatives] apart, and together again. */
function apart<A extends Float64Array | Float32Array>(rows: A, { width, P, N }: Pick<Batch, 'width' | 'P' | 'N'>) {
  const isPositive = (_: number, at: number) => Math.floor(at / width) % (P + N) < P;
  return [rows.filter(isPositive) as A, rows.filter((value, at) => !isPositive(value, at)) as A] as const;
}

/** The scores of a golden, apart. */
function scoresOf(rows: readonly (readonly (number | null)[])[], shape: Pick<Batch, 'P' | 'N'>): Batch['scores'] {
  const flat = Float32Array.from(rows.flat(), (score) => score ?? Number.NaN);
  const [positives, negatives] = apart(flat, { ...shape, width: 1 });
  return { positives, negatives };
}

const losses = {
  'symmetric-infonce': (batch: Batch) => symmetricInfonce({ ...batch, temperature: 0.02 }),
  'spread-out': spreadOut,
  'score-distillation': (batch: Batch, temperatures = {}) =>
    scoreDistillation({ ...batch, scores: batch.scores! }, temperatures),
} as const;

describe.each([
  ['symmetric-infonce', 5],
  ['spread-out', 5],
  ['score-distillation', 13],
] as const)('%s', (loss, count) => {
  const goldens = cases.filter((one) => one.loss === loss && one.inputs.passages);

  it('has goldens', () => expect(goldens.length).toBe(count));

  it.each(goldens.map((golden, index) => [index, golden] as const))('equals golden %i', async (_, golden) => {
    const { positives: P, negatives: N, ...parameters } = golden.params;
    const width = golden.inputs.queries[0]!.length;
    const queries = normalise(golden.inputs.queries.flat(), width);
    const passages = normalise(golden.inputs.passages!.flat(), width);
    const [positives, negatives] = apart(passages.unit, { width, P, N });
    const { teacherScores } = golden.inputs;
    const scores = teacherScores && scoresOf(teacherScores, { P, N });
    const batch = { width, P, N, queries: queries.unit, positives, negatives, ...(scores && { scores }) };
    const term = { loss, parameters };
    const dPassages = apart(Float64Array.from(golden.gradient.passages!.flat()), { width, P, N });
    for (const found of [await onDevice(batch, term), losses[loss](batch, parameters)]) {
      expectClose([found.value], [golden.value], tolerances.companion);
      const dQueries = normaliseBackward(queries.unit, queries.norm, found.dQueries);
      expectGradient(dQueries, golden.gradient.queries.flat(), 'queries', 1);
      [found.dPositives, found.dNegatives].forEach((dUnit, side) => {
        const norms = Float64Array.from(passages.norm).filter((_norm, row) => row % (P + N) < P === (side === 0));
        const dRows = normaliseBackward([positives, negatives][side]!, norms, dUnit);
        expectGradient(dRows, dPassages[side]!, `passages ${side}`, 1);
      });
    }
  });

  it.each([
    [1, 1, 0, 8],
    [1, 3, 0, 5],
    [13, 2, 3, 7],
    [65, 1, 1, 64],
    [130, 3, 0, 12],
  ])('of %i queries, %i positives, %i negatives, width %i', async (B, P, N, width) => {
    const batch = batchOf(B, P, N, width);
    const found = await onDevice(batch, { loss, parameters: {} });
    expectFound(found, losses[loss](batch));
  });
});

describe('symmetric InfoNCE', () => {
  it('of one drawn positive a query', async () => {
    const batch = { ...batchOf(21, 3, 1, 9), slots: random(5).integers(21, 3) };
    const found = await onDevice(batch, { loss: 'symmetric-infonce', parameters: { positives: 'sample' } });
    expectFound(found, symmetricInfonce({ ...batch, temperature: 0.02 }));
  });
});

it('spread-out of a matrix of cosines in two tiles', async () => {
  const batch = batchOf(4160, 1, 0, 4);
  expectFound(await onDevice(batch, { loss: 'spread-out', parameters: {} }), spreadOut(batch));
});
