/** Losses that need a teacher, against PyTorch and float64; what a teacher leaves where it drops everything. */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Gpu, Tensor } from '../../src/device/types.ts';
import type { LossTerm } from '../../src/nn/losses/catalog.ts';
import { irLoss, stsLoss } from '../../src/nn/losses/index.ts';
import { expectClose, expectGradient, random, type TensorScope, testGpu, withTensors } from '../device.ts';
import { dot, type InfonceInput, infonce, normalise, normaliseBackward } from '../reference/losses.ts';
import { teacherMatching } from '../reference/losses-teacher.ts';
import { tolerances } from '../tolerances.ts';

let gpu: Gpu;
beforeAll(async () => {
  gpu = await testGpu();
});

type Loss = 'guided-infonce' | 'teacher-matching';

/** Unit rows of one model. */
interface Sides {
  readonly width: number;
  readonly queries: Float64Array;
  readonly positives: Float64Array;
  readonly negatives: Float64Array;
}

interface Case extends Sides {
  readonly P: number;
  readonly N: number;
  readonly teacher: Sides;
  /** [B] */
  readonly negativeMask?: Uint8Array;
  readonly slots?: Uint32Array;
  readonly parameters?: LossTerm['parameters'];
  readonly known?: NonNullable<InfonceInput['known']>;
}

interface Found {
  readonly value: number;
  readonly dQueries: Float64Array;
  readonly dPositives: Float64Array;
  readonly dNegatives: Float64Array;
}

const sidesOn = (scope: TensorScope, { width, queries, positives, negatives }: Sides) => {
  const upload = (name: string, rows: Float64Array): Tensor =>
    scope.upload(name, [rows.length / width, width], Float32Array.from(rows));
  return {
    ...{ queries: upload('queries', queries), positives: upload('positives', positives) },
    negatives: negatives.length > 0 ? upload('negatives', negatives) : null,
  };
};

/** Value and gradients, these divided by the weight, and the count of queries without a candidate. */
async function onDevice(loss: Loss, one: Case): Promise<Found & { alone: number | undefined }> {
  const weight = 3;
  const { P, N, negativeMask, slots, known, parameters = {} } = one;
  return withTensors(gpu, async (scope) => {
    const result = irLoss(gpu, {
      ...sidesOn(scope, one),
      teacher: sidesOn(scope, one.teacher),
      ...{ P, N, ...(slots && { slots }), ...(negativeMask && { negativeMask }) },
      ...(known && {
        texts: {
          known: known.ofQuery,
          ...{ positives: Uint32Array.from(known.positives), negatives: Uint32Array.from(known.negatives) },
        },
      }),
      terms: [{ loss, weight, parameters: { ...parameters, ...(slots && { positives: 'sample' }) } }],
    });
    const { queries, positives, negatives } = result.gradients;
    const read = async (tensor: Tensor | null) =>
      tensor ? Float64Array.from(await gpu.read(tensor), (slope) => slope / weight) : new Float64Array(0);
    const value = (await gpu.read(result.components[loss]!))[0]!;
    expectClose(await gpu.read(result.total), [value * weight], { absolute: 1e-6, relative: 1e-6 }, 'total');
    const { guidedInfonceWithoutCandidates: counts } = result.warnings;
    const alone = counts && (await gpu.readU32(counts))[0];
    const found = {
      ...{ value, alone, dQueries: await read(queries) },
      ...{ dPositives: await read(positives), dNegatives: await read(negatives) },
    };
    result.release();
    return found;
  });
}

const joined = ({ queries, positives, negatives }: Pick<Sides, 'queries' | 'positives' | 'negatives'>) =>
  Float64Array.from([...queries, ...positives, ...negatives]);

/** The rows of queries, positives and those negatives that are no placeholders. */
function withoutPlaceholders<T extends Sides>({ N, negativeMask: mask }: Case, sides: T): T {
  if (!mask) return sides;
  const isShown = (_: number, at: number) => mask[Math.floor(at / sides.width / N)] === 1;
  return { ...sides, negatives: sides.negatives.filter(isShown) };
}

const references: Readonly<Record<Loss, (one: Case) => Found>> = {
  'guided-infonce': ({ teacher, negativeMask, parameters, ...one }) =>
    infonce({
      ...one,
      ...{ temperature: 0.02, guide: teacher, margin: Number(parameters?.['margin'] ?? 2) },
      ...(negativeMask && {
        negativeMask: Uint8Array.from(
          { length: negativeMask.length * one.N },
          (_, at) => negativeMask[Math.floor(at / one.N)]!,
        ),
      }),
    }),
  'teacher-matching': (one) => {
    const shown = withoutPlaceholders(one, one);
    const teacher = withoutPlaceholders(one, one.teacher);
    const { value, gradient } = teacherMatching(
      { rows: joined(shown), width: one.width },
      { rows: joined(teacher), width: teacher.width },
    );
    const [begin, end] = [one.queries.length, one.queries.length + one.positives.length];
    let next = end;
    const dNegatives = one.negatives.map((_, at) =>
      one.negativeMask?.[Math.floor(at / one.width / one.N)] === 0 ? 0 : gradient[next++]!,
    );
    return { value, dQueries: gradient.slice(0, begin), dPositives: gradient.slice(begin, end), dNegatives };
  },
};

function expectFound(found: Found, expected: Found): void {
  expectClose([found.value], [expected.value], tolerances.companion, 'value');
  expectGradient(found.dQueries, expected.dQueries, 'queries', 1);
  expectGradient(found.dPositives, expected.dPositives, 'positives', 1);
  expectGradient(found.dNegatives, expected.dNegatives, 'negatives', 1);
}

const expectReference = async (loss: Loss, one: Case): Promise<void> =>
  expectFound(await onDevice(loss, one), references[loss](one));

const unitRows = (seed: number, rows: number, width: number): Float64Array =>
  Float64Array.from(Float32Array.from(normalise(random(seed).floats(rows * width), width).unit));

const sides = (seed: number, B: number, P: number, N: number, width: number): Sides => ({
  width,
  queries: unitRows(seed, B, width),
  positives: unitRows(seed + 1, B * P, width),
  negatives: unitRows(seed + 2, B * N, width),
});

const caseOf = (B: number, P: number, N: number, width: number, teacherWidth: number): Case => ({
  ...{ P, N, ...sides(B, B, P, N, width), teacher: sides(B + 50, B, P, N, teacherWidth) },
});

interface Golden {
  readonly loss: Loss;
  readonly params: { readonly positives: number; readonly negatives: number };
  readonly inputs: {
    readonly queries: number[][];
    readonly passages: number[][];
    readonly teacher: { readonly queries: number[][]; readonly passages: number[][] };
  };
  readonly value: number;
  readonly gradient: { readonly queries: number[][]; readonly passages: number[][] };
}

const fixture = new URL('../fixtures/losses-teacher.json', import.meta.url);
const { cases: goldens } = JSON.parse(readFileSync(fixture, 'utf8')) as { cases: Golden[] };

/** Positives and negatives of passages [query][positives then negatives], row by row. */
function apart(passages: readonly number[][], { positives: P, negatives: N }: Golden['params']) {
  const isPositive = (_: unknown, row: number) => row % (P + N) < P;
  return [passages.filter(isPositive), passages.filter((rows, row) => !isPositive(rows, row))] as const;
}

/** Unit rows, and the norms that they had. */
function unitSides({ queries, passages }: { queries: number[][]; passages: number[][] }, params: Golden['params']) {
  const width = queries[0]!.length;
  const [positives, negatives] = apart(passages, params);
  return { width, all: [queries, positives, negatives].map((rows) => normalise(rows.flat(), width)) };
}

const asSides = ({ width, all }: ReturnType<typeof unitSides>): Sides => {
  const [queries, positives, negatives] = all.map(({ unit }) => unit);
  return { width, queries: queries!, positives: positives!, negatives: negatives! };
};

describe.each(['guided-infonce', 'teacher-matching'] as const)('%s', (loss) => {
  const own = goldens.filter((golden) => golden.loss === loss);

  it('has goldens', () => expect(own.length).toBe(5));

  it.each(own.map((golden, index) => [index, golden] as const))('equals golden %i', async (_, golden) => {
    const { params, inputs, gradient } = golden;
    const given = unitSides(inputs, params);
    const teacher = asSides(unitSides(inputs.teacher, params));
    const one: Case = { ...asSides(given), teacher, P: params.positives, N: params.negatives };
    const expected = [gradient.queries, ...apart(gradient.passages, params)];
    for (const found of [await onDevice(loss, one), references[loss](one)]) {
      expectClose([found.value], [golden.value], tolerances.companion);
      [found.dQueries, found.dPositives, found.dNegatives].forEach((dUnit, side) => {
        const { unit, norm } = given.all[side]!;
        expectGradient(normaliseBackward(unit, norm, dUnit), expected[side]!.flat(), `side ${side}`, 1);
      });
    }
  });

  it.each([
    [1, 1, 0, 8, 8],
    [1, 3, 2, 5, 6],
    [13, 2, 3, 7, 33],
    [65, 1, 1, 64, 12],
    [130, 3, 0, 12, 5],
  ])('of %i queries, %i positives, %i negatives, widths %i and %i', (B, P, N, width, teacherWidth) =>
    expectReference(loss, caseOf(B, P, N, width, teacherWidth)),
  );

  it('leaves the places of negatives out that a query has not', () => {
    const negativeMask = Uint8Array.of(1, 0, 1, 0, 1);
    return expectReference(loss, { ...caseOf(5, 2, 3, 6, 9), negativeMask });
  });
});

describe('guided InfoNCE', () => {
  it('of one drawn positive, with a margin and known positives beside the teacher', async () => {
    const one = caseOf(21, 3, 2, 9, 16);
    const known = {
      ofQuery: Array.from({ length: 21 }, (_, query) => [query, (query + 1) % 21]),
      positives: Array.from({ length: 63 }, (_, row) => Math.floor(row / 3)),
      negatives: Array.from({ length: 42 }, (_, row) => row % 30),
    };
    const parameters = { margin: 0.1, knownPositives: true };
    await expectReference('guided-infonce', { ...one, known, parameters });
    await expectReference('guided-infonce', { ...one, known, parameters, slots: random(5).integers(21, 3) });
  });

  it('is InfoNCE where the teacher finds all equally near', async () => {
    const one = caseOf(9, 2, 2, 8, 4);
    const same = (rows: Float64Array) => rows.map((_, at) => [0.5, 0.5, 0.5, 0.5][at % 4]!);
    const { queries, positives, negatives } = one.teacher;
    const teacher = { width: 4, queries: same(queries), positives: same(positives), negatives: same(negatives) };
    const found = await onDevice('guided-infonce', { ...one, teacher });
    expect(found.alone).toBe(0);
    expectFound(found, infonce({ ...one, temperature: 0.02 }));
  });

  it('keeps a candidate that is the target once more', async () => {
    const one = caseOf(3, 1, 1, 8, 5);
    const { positives } = one.teacher;
    const found = await onDevice('guided-infonce', { ...one, teacher: { ...one.teacher, negatives: positives } });
    // Each query has its own positive among the negatives, which is not above itself.
    expect(found.alone).toBe(0);
  });

  it('is 0 without gradient where the teacher drops all but the target, and counts it', async () => {
    const one = caseOf(1, 2, 2, 6, 3);
    const away = Float64Array.of(-1, 0, 0);
    const queries = Float64Array.of(1, 0, 0);
    const near = Float64Array.from([...queries, 0, 1, 0]);
    const teacher = { width: 3, queries, positives: Float64Array.from([...away, ...away]), negatives: near };
    const { alone, ...found } = await onDevice('guided-infonce', { ...one, teacher });
    // Of both positive slots.
    expect(alone).toBe(2);
    expect(found.value).toBe(0);
    for (const slopes of [found.dQueries, found.dPositives, found.dNegatives]) {
      expect(slopes.every((slope) => slope === 0)).toBe(true);
    }
  });
});

describe('teacher matching', () => {
  it('of similarity batches has queries and partners', async () => {
    const one = caseOf(19, 1, 0, 7, 12);
    const grades = new Float32Array(19).fill(0.5);
    const found = await withTensors(gpu, async (scope) => {
      const { queries, positives } = sidesOn(scope, one);
      const result = stsLoss(gpu, {
        ...{ queries, partners: positives, innerQueries: null, innerPartners: null, grades },
        teacher: sidesOn(scope, one.teacher),
        terms: [{ loss: 'teacher-matching', weight: 1, parameters: {} }],
      });
      const read = async (tensor: Tensor) => Float64Array.from(await gpu.read(tensor));
      const dNegatives = new Float64Array(0);
      const gradients = { dQueries: await read(result.gradients.queries), dNegatives };
      const dPositives = await read(result.gradients.partners);
      const value = (await gpu.read(result.total))[0]!;
      result.release();
      return { value, ...gradients, dPositives };
    });
    expectFound(found, references['teacher-matching'](one));
  });

  it('of a model with itself is 0', async () => {
    const { teacher: _, ...one } = caseOf(8, 2, 1, 12, 12);
    const { value, dQueries } = await onDevice('teacher-matching', { ...one, teacher: one });
    expect(value).toBeLessThan(1e-12);
    expectGradient(dQueries, new Float64Array(dQueries.length), 'queries', 1);
  });

  it('of a matrix of cosines in two tiles', async () => {
    const { teacher: _, ...one } = caseOf(1387, 1, 1, 4, 4);
    // The teacher has the last text the other way round, so that nothing but its cosines differ, each by twice itself.
    const away = one.negatives.map((value, at) => (at >= one.negatives.length - 4 ? -value : value));
    const last = one.negatives.subarray(-4);
    const texts = joined(one);
    const M = texts.length / 4;
    const share = 2 / (M * (M - 1));
    const gradient = new Float64Array(texts.length);
    let value = 0;
    for (let i = 0; i < M - 1; i++) {
      const difference = 2 * dot(texts, last, i * 4, 0, 4);
      value += share * difference ** 2;
      for (let c = 0; c < 4; c++) {
        gradient[i * 4 + c]! += 2 * share * difference * last[c]!;
        gradient[(M - 1) * 4 + c]! += 2 * share * difference * texts[i * 4 + c]!;
      }
    }
    const found = await onDevice('teacher-matching', { ...one, teacher: { ...one, negatives: away } });
    expectClose([found.value], [value], tolerances.companion, 'value');
    const slopes = { queries: found.dQueries, positives: found.dPositives, negatives: found.dNegatives };
    expectGradient(joined(slopes), gradient);
  });
});
