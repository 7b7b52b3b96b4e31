/** The options of InfoNCE and symmetric InfoNCE against float64, and what is left where nothing is. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { Gpu } from '../../src/device/types.ts';
import { irLoss } from '../../src/nn/losses/index.ts';
import type { CandidateTexts } from '../../src/nn/losses/loss.ts';
import { expectClose, expectGradient, random, testGpu, withTensors } from '../device.ts';
import { type InfonceInput, type InfonceOutput, infonce, normalise } from '../reference/losses.ts';
import { symmetricInfonce } from '../reference/losses-companions.ts';
import { tolerances } from '../tolerances.ts';

let gpu: Gpu;
beforeAll(async () => {
  gpu = await testGpu();
});

const references = { infonce, 'symmetric-infonce': symmetricInfonce } as const;
type Loss = keyof typeof references;

const warningOf = {
  infonce: 'infonceWithoutCandidates',
  'symmetric-infonce': 'symmetricInfonceWithoutCandidates',
} as const;

interface Case {
  readonly B: number;
  readonly P: number;
  readonly N: number;
  readonly width: number;
  readonly queries: Float64Array;
  readonly positives: Float64Array;
  readonly negatives: Float64Array;
  readonly negativeMask?: Uint8Array;
  readonly slots?: Uint32Array;
  readonly texts?: CandidateTexts;
  /** Whether each of the terms masks known positives; absent = one term, which does where there are texts. */
  readonly masks?: Readonly<Partial<Record<Loss, boolean>>>;
  readonly margin?: number;
}

const unitRows = (seed: number, rows: number, width: number): Float64Array =>
  Float64Array.from(Float32Array.from(normalise(random(seed).floats(rows * width), width).unit));

const rowsOf = (B: number, P: number, N: number, width: number) => ({
  ...{ B, P, N, width },
  queries: unitRows(B, B, width),
  positives: unitRows(B + 1, B * P, width),
  negatives: unitRows(B + 2, B * N, width),
});

/** Texts of few numbers, so that many candidates are known. */
function fewTexts({ B, P, N }: { B: number; P: number; N: number }, count: number): CandidateTexts {
  const { integer, integers } = random(B * 7 + count);
  const positives = integers(B * P, count);
  const known = Array.from({ length: B }, (_, query) => [
    ...positives.subarray(query * P, query * P + P),
    integer(count),
  ]);
  return { positives, negatives: integers(B * N, count), known };
}

function expectedOf(loss: Loss, one: Case): InfonceOutput {
  const { N, slots, texts, margin, negativeMask, ...rows } = one;
  const input: InfonceInput = {
    ...{ ...rows, N, temperature: 0.02 },
    ...(slots && { slots }),
    ...(margin !== undefined && { margin }),
    ...(negativeMask && {
      negativeMask: Uint8Array.from({ length: one.B * N }, (_, at) => negativeMask[Math.floor(at / N)]!),
    }),
    ...(texts && {
      known: {
        ofQuery: texts.known.map((known) => [...known]),
        ...{ positives: [...texts.positives], negatives: [...texts.negatives] },
      },
    }),
  };
  return references[loss](input);
}

/** Value, gradients divided by the weight, and the count of rows without a candidate. */
async function onDevice(loss: Loss, one: Case) {
  const { B, P, N, width, slots, texts, margin, negativeMask } = one;
  const weight = 3;
  const masks = one.masks ?? { [loss]: texts !== undefined };
  const shared = { positives: slots ? 'sample' : 'all', ...(margin !== undefined && { margin }) };
  const terms = Object.entries(masks).map(([name, knownPositives]) => ({
    ...{ loss: name as Loss, weight, parameters: { ...shared, knownPositives } },
  }));
  return withTensors(gpu, async (scope) => {
    const upload = (name: string, data: Float64Array) =>
      scope.upload(name, [data.length / width, width], Float32Array.from(data));
    const result = irLoss(gpu, {
      queries: upload('queries', one.queries),
      positives: upload('positives', one.positives),
      negatives: N > 0 ? upload('negatives', one.negatives) : null,
      ...{ P, N, slots: slots ?? new Uint32Array(B), terms },
      ...(negativeMask && { negativeMask }),
      ...(texts && { texts }),
    });
    const { queries, positives, negatives } = result.gradients;
    const read = async (tensor: typeof negatives) =>
      tensor ? Float64Array.from(await gpu.read(tensor), (slope) => slope / weight) : new Float64Array(0);
    const found = {
      value: (await gpu.read(result.components[loss]!))[0]!,
      ...{ dQueries: await read(queries), dPositives: await read(positives), dNegatives: await read(negatives) },
      alone: (await gpu.readU32(result.warnings[warningOf[loss]]!))[0]!,
    };
    result.release();
    return found;
  });
}

const expectReference = async (loss: Loss, one: Case): Promise<void> =>
  expectOutput(await onDevice(loss, one), expectedOf(loss, one));

type Output = Pick<InfonceOutput, 'value' | 'dQueries' | 'dPositives' | 'dNegatives'>;

function expectOutput(found: Output, expected: Output): void {
  expectClose([found.value], [expected.value], tolerances.infonceValue, 'value');
  expectGradient(found.dQueries, expected.dQueries, 'queries', 1);
  expectGradient(found.dPositives, expected.dPositives, 'positives', 1);
  expectGradient(found.dNegatives, expected.dNegatives, 'negatives', 1);
}

/** 0 without gradient, and `rows` counted. */
async function expectNothing(loss: Loss, one: Case, rows: number): Promise<void> {
  const { value, dQueries, dPositives, dNegatives, alone } = await onDevice(loss, one);
  expect({ value, alone }).toEqual({ value: 0, alone: rows });
  for (const gradient of [dQueries, dPositives, dNegatives]) {
    expect(gradient.every((slope) => slope === 0)).toBe(true);
  }
  expect(expectedOf(loss, one).value).toBeCloseTo(0, 12);
}

describe.each(['infonce', 'symmetric-infonce'] as const)('%s', (loss) => {
  it.each([
    [2, 1, 0, 5, 3],
    [13, 2, 3, 7, 9],
    [65, 3, 1, 12, 40],
    [130, 1, 2, 8, 500],
  ])(
    'masks known positives: %i queries, %i positives, %i negatives, width %i, %i texts',
    async (B, P, N, width, count) => {
      const rows = rowsOf(B, P, N, width);
      await expectReference(loss, { ...rows, texts: fewTexts(rows, count) });
    },
  );

  it.each([0, 0.05, 0.5, 1.9])('drops what is above the margin %d', async (margin) => {
    await expectReference(loss, { ...rowsOf(17, 2, 3, 6), margin });
  });

  it('does all of it on drawn positives, with queries that have no negatives', async () => {
    const rows = rowsOf(33, 3, 2, 9);
    const { integer, integers } = random(4);
    const negativeMask = Uint8Array.from({ length: 33 }, () => integer(2));
    await expectReference(loss, {
      ...{ ...rows, margin: 0.3, negativeMask },
      ...{ slots: integers(33, 3), texts: fewTexts(rows, 30) },
    });
  });

  it('reads no text where known positives are not masked', async () => {
    const rows = rowsOf(9, 1, 1, 4);
    const texts = fewTexts(rows, 3);
    const found = await onDevice(loss, { ...rows, texts, masks: { [loss]: false } });
    expect(found.alone).toBe(0);
    expectOutput(found, expectedOf(loss, rows));
    expect(Math.abs(expectedOf(loss, { ...rows, texts }).value - found.value)).toBeGreaterThan(0.1);
  });

  it('masks in the one of two terms that asks for it', async () => {
    const other = loss === 'infonce' ? 'symmetric-infonce' : 'infonce';
    const rows = rowsOf(11, 2, 1, 5);
    const texts = fewTexts(rows, 6);
    const found = await onDevice(loss, { ...rows, texts, masks: { [loss]: false, [other]: true } });
    const [plain, masked] = [expectedOf(loss, rows), expectedOf(other, { ...rows, texts })];
    const sum = (key: 'dQueries' | 'dPositives' | 'dNegatives') =>
      plain[key].map((slope, i) => slope + masked[key][i]!);
    const gradients = { dQueries: sum('dQueries'), dPositives: sum('dPositives'), dNegatives: sum('dNegatives') };
    expectOutput(found, { value: plain.value, ...gradients });
  });
});

describe('a row without a candidate gives 0 without a gradient, and is counted', () => {
  const texts = (B: number, P: number, N: number): CandidateTexts => ({
    positives: new Uint32Array(B * P),
    negatives: new Uint32Array(B * N),
    known: Array.from({ length: B }, () => [0]),
  });

  it('of a single query without negatives', async () => {
    await expectNothing('infonce', rowsOf(1, 2, 0, 5), 2);
    await expectNothing('symmetric-infonce', rowsOf(1, 2, 0, 5), 4);
  });

  it('of a single query whose negatives are placeholders', async () => {
    await expectNothing('infonce', { ...rowsOf(1, 1, 3, 5), negativeMask: new Uint8Array(1) }, 1);
  });

  it('where every candidate is known', async () => {
    await expectNothing('infonce', { ...rowsOf(5, 2, 3, 4), texts: texts(5, 2, 3) }, 10);
    await expectNothing('symmetric-infonce', { ...rowsOf(5, 2, 3, 4), texts: texts(5, 2, 3) }, 20);
    const slots = Uint32Array.of(0, 1, 1, 0, 1);
    await expectNothing('infonce', { ...rowsOf(5, 2, 0, 4), slots, texts: texts(5, 2, 0) }, 5);
  });

  it('where every candidate is above the margin', async () => {
    // Positives on the far side of their queries, which all are one.
    const queries = Float64Array.from({ length: 4 * 2 }, (_, at) => (at % 2 === 0 ? 1 : 0));
    const positives = queries.map((value) => -value);
    const rows = { ...rowsOf(4, 1, 2, 2), queries, positives, negatives: Float64Array.from([...queries, ...queries]) };
    const found = await onDevice('infonce', { ...rows, margin: 0 });
    // Other positives are as far away as the own one, so they stay.
    expect(found.alone).toBe(0);
    expectClose([found.value], [Math.log(4)], tolerances.infonceValue);
    const known: CandidateTexts = {
      positives: new Uint32Array(4),
      negatives: new Uint32Array(8).fill(1),
      known: [[0], [0], [0], [0]],
    };
    await expectNothing('infonce', { ...rows, margin: 0, texts: known }, 4);
  });

  it('in the tile it belongs to', async () => {
    // Known to the second half only: 70 queries, more than one group of lanes.
    const all = texts(70, 1, 0);
    const half = { ...all, known: all.known.map((known, query) => (query < 35 ? [] : known)) };
    const found = await onDevice('infonce', { ...rowsOf(70, 1, 0, 3), texts: half });
    expect(found.alone).toBe(35);
    await expectReference('infonce', { ...rowsOf(70, 1, 0, 3), texts: half });
  });
});
