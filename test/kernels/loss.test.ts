/** Pair cosines, sums of row losses, and InfoNCE on given score matrices, against float64. */
import { beforeAll, describe, it } from 'vitest';
import type { Gpu } from '../../src/device/types.ts';
import { totalLoss } from '../../src/kernels/loss.ts';
import { excludeColumns, infonceBackward, infonceForward } from '../../src/kernels/loss-infonce.ts';
import { rowDotBackward, rowDotForward } from '../../src/kernels/similarity.ts';
import { awkward, expectClose, expectGradient, random, testGpu, withTensors } from '../device.ts';
import { cosines, cosinesBackward, infonce } from '../reference/losses.ts';
import { tolerances } from '../tolerances.ts';

let gpu: Gpu;
beforeAll(async () => {
  gpu = await testGpu();
});

describe('row dot', () => {
  it.each(awkward.map((rows, index) => [rows, awkward[awkward.length - 1 - index]]))('%i rows of %i', (rows, width) =>
    withTensors(gpu, async (scope) => {
      const { floats } = random(rows * 1000 + width);
      const [a, b, slope] = [floats(rows * width), floats(rows * width), floats(rows)];
      const tensors = { a: scope.upload('a', [rows, width], a), b: scope.upload('b', [rows, width], b) };
      const out = scope.unwritten('out', [rows]);
      const [dA, dB] = [scope.unwritten('dA', [rows, width]), scope.unwritten('dB', [rows, width])];
      rowDotForward(gpu, { ...tensors, out });
      rowDotBackward(gpu, { ...tensors, dOut: scope.upload('dOut', [rows], slope), dA, dB });
      const [a64, b64] = [Float64Array.from(a), Float64Array.from(b)];
      const expected = cosinesBackward(a64, b64, Float64Array.from(slope));
      expectClose(await gpu.read(out), cosines(a64, b64, width), tolerances.rowDot, 'out');
      expectClose(await gpu.read(dA), expected.dQueries, tolerances.elementwise, 'dA');
      expectClose(await gpu.read(dB), expected.dPartners, tolerances.elementwise, 'dB');
    }),
  );
});

describe('total loss', () => {
  it.each([1, 7, 63, 64, 65, 4099])('of %i rows', (rows) =>
    withTensors(gpu, async (scope) => {
      const losses = random(rows).floats(rows);
      const value = scope.unwritten('value', [1]);
      const total = scope.upload('total', [1], Float32Array.of(3));
      totalLoss(gpu, { losses: scope.upload('losses', [rows], losses), value, total, scale: 1 / rows, weight: 2 });
      const mean = losses.reduce((sum, loss) => sum + loss, 0) / rows;
      expectClose(await gpu.read(value), [mean], tolerances.elementwise, 'value');
      expectClose(await gpu.read(total), [3 + 2 * mean], tolerances.elementwise, 'total');
    }),
  );
});

interface Case {
  B: number;
  P: number;
  N: number;
  sample?: boolean;
  margin?: number;
  masked?: boolean;
  known?: boolean;
  weighted?: boolean;
  tile?: number;
  temperature?: number;
}

const cases: Case[] = [
  { B: 1, P: 1, N: 0 },
  { B: 1, P: 2, N: 3 },
  { B: 2, P: 1, N: 1 },
  { B: 7, P: 3, N: 2 },
  { B: 13, P: 2, N: 0, temperature: 1 },
  { B: 63, P: 1, N: 1 },
  { B: 64, P: 1, N: 2 },
  { B: 65, P: 2, N: 1 },
  { B: 129, P: 1, N: 0, tile: 64 },
  { B: 131, P: 2, N: 3, tile: 64 },
  { B: 7, P: 3, N: 2, sample: true },
  { B: 65, P: 2, N: 1, sample: true, tile: 64 },
  { B: 13, P: 2, N: 2, margin: 0.1 },
  { B: 13, P: 1, N: 2, masked: true },
  { B: 17, P: 2, N: 2, known: true, masked: true },
  { B: 66, P: 1, N: 1, known: true, tile: 64 },
  { B: 13, P: 1, N: 0, weighted: true },
  { B: 12, P: 2, N: 2, known: true, masked: true, margin: 0.1 },
  { B: 20, P: 1, N: 4, known: true, masked: true, weighted: true },
  { B: 68, P: 1, N: 1, known: true, margin: 0.1, tile: 64 },
  { B: 8, P: 3, N: 1, sample: true, known: true },
];

describe('InfoNCE on scores', () => {
  it.each(cases.map((one) => [JSON.stringify(one), one] as const))('%s', (_, one) => compareInfonce(one));

  it('keeps a temperature of 0.02 finite where cosines are 1 and -1', () =>
    withTensors(gpu, async (scope) => {
      const cosine = Float32Array.of(-1, 1, 1, 1, -1, 1, 1, 1, -1);
      const { batch, value } = runForward(scope, { B: 3, P: 1, N: 0 }, cosine, new Float32Array(0));
      expectClose(await gpu.read(value), [100 + Math.log(2)], tolerances.infonceValue);
      expectClose(await gpu.read(batch.targetScores), [-1, -1, -1], tolerances.exact);
    }));
});

type Scope = Parameters<Parameters<typeof withTensors>[1]>[0];

/** Random cosines with some close ones; the reference gets them as dot products with unit vectors. */
async function compareInfonce(one: Case): Promise<void> {
  const { B, P, N } = one;
  const { uniform, integer } = random(B * 100 + P * 10 + N);
  const cosinesOf = (count: number) => Float32Array.from({ length: count }, () => uniform() * 2 - 1);
  const [positive, negative] = [cosinesOf(B * B * P), cosinesOf(B * B * N)];
  const options = {
    slots: one.sample ? Uint32Array.from({ length: B }, () => integer(P)) : undefined,
    negativeMask: one.masked ? Uint32Array.from({ length: B * N }, () => integer(2)) : undefined,
    rowWeights: one.weighted ? Float32Array.from({ length: B }, (_, row) => (row % 3 === 0 ? 0.2 : 0)) : undefined,
    margin: one.margin,
    known: one.known
      ? {
          ofQuery: Array.from({ length: B }, () => Array.from({ length: integer(4) }, () => integer(9))),
          positives: Array.from({ length: B * P }, () => integer(9)),
          negatives: Array.from({ length: B * N }, () => integer(9)),
        }
      : undefined,
  };
  const transposed = (scores: Float32Array, columns: number) =>
    Float64Array.from({ length: scores.length }, (_, at) => scores[(at % B) * columns + Math.floor(at / B)]);
  const identity = Float64Array.from({ length: B * B }, (_, at) => (at % (B + 1) === 0 ? 1 : 0));
  const expected = infonce({
    queries: identity,
    positives: transposed(positive, B * P),
    negatives: transposed(negative, B * N),
    width: B,
    P,
    N,
    temperature: one.temperature ?? 0.02,
    ...options,
  });
  await withTensors(gpu, async (scope) => {
    const { value, gradients } = runForward(scope, { ...one, ...options }, positive, negative);
    expectClose(await gpu.read(value), [expected.value], tolerances.infonceValue, 'value');
    const actual = await Promise.all(gradients.map((tile) => gpu.read(tile.positiveScores)));
    const whole = Float32Array.from(actual.flatMap((tile) => Array.from(tile)));
    const back = (flat: ArrayLike<number>, rows: number) =>
      Float64Array.from({ length: flat.length }, (_, at) => flat[(at % rows) * B + Math.floor(at / rows)]);
    expectClose(whole, back(expected.dPositives, B * P), tolerances.infonceGradient, 'dPositive');
    expectGradient(whole, back(expected.dPositives, B * P), 'dPositive');
    if (N === 0) return;
    const others = await Promise.all(gradients.map((tile) => gpu.read(tile.negativeScores ?? tile.positiveScores)));
    const wholeOthers = Float32Array.from(others.flatMap((tile) => Array.from(tile)));
    expectClose(wholeOthers, back(expected.dNegatives, B * N), tolerances.infonceGradient, 'dNegative');
    expectGradient(wholeOthers, back(expected.dNegatives, B * N), 'dNegative', Math.hypot(...expected.dPositives));
  });
}

type RunCase = Omit<Case, 'known'> & {
  slots?: Uint32Array;
  negativeMask?: Uint32Array;
  rowWeights?: Float32Array;
  known?: { ofQuery: number[][]; positives: number[]; negatives: number[] };
};

/** Forward and backward over tiles of rows; returns the gradients tile by tile. */
function runForward(scope: Scope, one: RunCase, positive: Float32Array, negative: Float32Array) {
  const { B, P, N } = one;
  const slots = one.slots ?? Uint32Array.from({ length: B * P }, (_, at) => Math.floor(at / B));
  const K = slots.length / B;
  const weights = (one.rowWeights ?? new Float32Array(B).fill(1 / B)).map((weight) => weight / K);
  const batch = {
    slots: scope.upload('slots', [K, B], slots),
    rowWeights: scope.upload('weights', [B], weights),
    losses: scope.unwritten('losses', [B * K]),
    rowLosses: scope.unwritten('row losses', [B * K]),
    otherShares: scope.unwritten('other shares', [B * K]),
    targetScores: scope.unwritten('targets', [B * K]),
    positives: P,
    temperature: one.temperature ?? 0.02,
    margin: one.margin ?? 3e38,
  };
  const exclusion = exclusionOf(scope, one);
  const tile = one.tile ?? B;
  const gradients = Array.from({ length: Math.ceil(B / tile) }, (_, index) => {
    const firstRow = index * tile;
    const rows = Math.min(tile, B - firstRow);
    const part = (scores: Float32Array, columns: number) =>
      scope.upload('scores', [rows, columns], scores.slice(firstRow * columns, (firstRow + rows) * columns));
    const scores = {
      positiveScores: part(positive, B * P),
      negativeScores: N > 0 ? part(negative, B * N) : null,
      firstRow,
    };
    excludeColumns(gpu, { ...exclusion.positives, scores: scores.positiveScores, firstRow, ownColumns: P });
    if (scores.negativeScores) {
      excludeColumns(gpu, { ...exclusion.negatives, scores: scores.negativeScores, firstRow, ownColumns: 0 });
    }
    infonceForward(gpu, batch, scores);
    infonceBackward(gpu, batch, scores, 1);
    return scores;
  });
  const value = scope.unwritten('value', [1]);
  totalLoss(gpu, {
    losses: batch.losses,
    value,
    total: scope.upload('total', [1], Float32Array.of(0)),
    scale: 1,
    weight: 1,
  });
  return { batch, value, gradients };
}

function exclusionOf(scope: Scope, { B, P, N, negativeMask, known }: RunCase) {
  const starts = new Uint32Array(B + 1);
  known?.ofQuery.forEach((ids, query) => {
    starts[query + 1] = starts[query] + ids.length;
  });
  const lists = {
    knownStarts: scope.upload('starts', [B + 1], starts),
    knownTexts: scope.upload('known', [starts[B] + 1], Uint32Array.from([...(known?.ofQuery.flat() ?? []), 0])),
  };
  const columns = (count: number, valid?: Uint32Array, texts?: number[]) => ({
    ...lists,
    columnValid: scope.upload('valid', [count], valid ?? new Uint32Array(count).fill(1)),
    columnText: scope.upload('texts', [count], Uint32Array.from(texts ?? new Array<number>(count).fill(0))),
  });
  return {
    positives: columns(B * P, undefined, known?.positives),
    negatives: columns(Math.max(1, B * N), N > 0 ? negativeMask : undefined, N > 0 ? known?.negatives : undefined),
  };
}
