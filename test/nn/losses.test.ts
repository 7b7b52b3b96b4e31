/** The loss sets as training calls them: values, weights, gradients, warnings, and the inputs that are refused. */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Gpu, Tensor } from '../../src/device/types.ts';
import { TandemError } from '../../src/errors.ts';
import { type LossTerm, lossCatalog } from '../../src/nn/losses/catalog.ts';
import { openContext } from '../../src/nn/losses/context.ts';
import { similarityTerms } from '../../src/nn/losses/groups.ts';
import { irLoss, stsLoss } from '../../src/nn/losses/index.ts';
import { infonceLoss } from '../../src/nn/losses/infonce.ts';
import { defaultRunSettings } from '../../src/train/catalog.ts';
import { expectClose, expectGradient, random, testGpu, withTensors } from '../device.ts';
import * as reference from '../reference/losses.ts';
import { tolerances } from '../tolerances.ts';

const { losses: codiemb } = defaultRunSettings;

let gpu: Gpu;
beforeAll(async () => {
  gpu = await testGpu();
});

type Scope = Parameters<Parameters<typeof withTensors>[1]>[0];

/** Unit rows of one seed, rounded to f32, for both sides. */
function unitRows(seed: number, rows: number, width: number) {
  const { unit } = reference.normalise(random(seed).floats(rows * width), width);
  const data = Float32Array.from(unit);
  return { data, exact: Float64Array.from(data), shape: [rows, width] };
}

const uploadRows = (scope: Scope, label: string, { data, shape }: ReturnType<typeof unitRows>): Tensor =>
  scope.upload(label, shape, data);

/** Elementwise against the largest element, and by norm. */
async function expectTensor(tensor: Tensor, expected: Float64Array, what: string): Promise<void> {
  const actual = await gpu.read(tensor);
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  expectClose(actual, expected, { absolute: 3e-5 * Math.max(largest, 1e-3), relative: 1e-5 }, what);
  expectGradient(actual, expected, what, 1);
}

const irTerm = (parameters: LossTerm['parameters'] = {}, weight = 1): LossTerm[] => [
  { loss: 'infonce', weight, parameters: { temperature: 0.02, positives: 'all', ...parameters } },
];

describe('irLoss', () => {
  it.each([
    { B: 1, P: 1, N: 0, C: 5 },
    { B: 1, P: 2, N: 1, C: 3 },
    { B: 7, P: 3, N: 2, C: 13 },
    { B: 33, P: 1, N: 4, C: 31 },
    { B: 64, P: 2, N: 0, C: 64 },
    { B: 65, P: 2, N: 1, C: 65 },
  ])('%o', ({ B, P, N, C }) =>
    withTensors(gpu, async (scope) => {
      const [q, p, n] = [unitRows(B, B, C), unitRows(B + 1, B * P, C), unitRows(B + 2, B * N, C)];
      const tensors = {
        queries: uploadRows(scope, 'q', q),
        positives: uploadRows(scope, 'p', p),
        negatives: N > 0 ? uploadRows(scope, 'n', n) : null,
      };
      const result = irLoss(gpu, { ...tensors, P, N, terms: irTerm({}, 3) });
      const input = { queries: q.exact, positives: p.exact, negatives: n.exact, width: C, P, N, temperature: 0.02 };
      const expected = reference.infonce(input);
      const times3 = (gradient: Float64Array) => gradient.map((value) => value * 3);
      const value = await gpu.read(result.components.infonce!);
      expectClose(value, [expected.value], tolerances.infonceValue, 'value');
      expect(await gpu.read(result.total)).toEqual(value.map((one) => one * 3));
      await expectTensor(result.gradients.queries, times3(expected.dQueries), 'dQueries');
      await expectTensor(result.gradients.positives, times3(expected.dPositives), 'dPositives');
      expect(result.gradients.negatives === null).toBe(N === 0);
      if (result.gradients.negatives) {
        await expectTensor(result.gradients.negatives, times3(expected.dNegatives), 'dNegatives');
      }
      result.release();
    }),
  );

  it('masks the columns of queries without negatives, draws slots, drops by margin, masks known texts', () =>
    withTensors(gpu, async (scope) => {
      const [B, P, N, C] = [13, 2, 2, 7];
      const [q, p, n] = [unitRows(1, B, C), unitRows(2, B * P, C), unitRows(3, B * N, C)];
      const { integer, integers } = random(4);
      const slots = integers(B, P);
      const has = Uint8Array.from({ length: B }, () => integer(2));
      const texts = {
        positives: integers(B * P, 9),
        negatives: integers(B * N, 9),
        known: Array.from({ length: B }, () => [integer(9)]),
      };
      const tensors = {
        queries: uploadRows(scope, 'q', q),
        positives: uploadRows(scope, 'p', p),
        negatives: uploadRows(scope, 'n', n),
      };
      const terms = irTerm({ positives: 'sample', margin: 0.3, knownPositives: true });
      const result = irLoss(gpu, { ...tensors, P, N, negativeMask: has, slots, texts, terms });
      const expected = reference.infonce({
        queries: q.exact,
        positives: p.exact,
        negatives: n.exact,
        width: C,
        P,
        N,
        temperature: 0.02,
        slots,
        margin: 0.3,
        negativeMask: Uint8Array.from({ length: B * N }, (_, row) => has[Math.floor(row / N)]),
        known: {
          ofQuery: texts.known,
          positives: Array.from(texts.positives),
          negatives: Array.from(texts.negatives),
        },
      });
      expectClose(await gpu.read(result.components.infonce!), [expected.value], tolerances.infonceValue, 'value');
      await expectTensor(result.gradients.queries, expected.dQueries, 'dQueries');
      await expectTensor(result.gradients.positives, expected.dPositives, 'dPositives');
      await expectTensor(result.gradients.negatives!, expected.dNegatives, 'dNegatives');
      result.release();
    }));

  it('gives the same bits of value and query gradient for any height of tiles', () =>
    withTensors(gpu, async (scope) => {
      const [B, C] = [150, 16];
      const [q, p, n] = [unitRows(1, B, C), unitRows(2, B, C), unitRows(3, B * 2, C)];
      const input = {
        queries: uploadRows(scope, 'q', q),
        positives: uploadRows(scope, 'p', p),
        negatives: uploadRows(scope, 'n', n),
      };
      const run = async (tileRows: number) => {
        const context = openContext(gpu);
        const result = infonceLoss(context, 'infonce', input, { weight: 1, temperature: 0.02, tileRows });
        const read = [result.value, result.dQueries, result.dPositives, result.dNegatives!];
        const [value, dQueries, dPositives, dNegatives] = await Promise.all(read.map((tensor) => gpu.read(tensor)));
        context.endScratch();
        context.release();
        return { value, dQueries, dPositives, dNegatives };
      };
      const [whole, tiled] = [await run(4096), await run(64)];
      expect(tiled.value).toEqual(whole.value);
      expect(tiled.dQueries).toEqual(whole.dQueries);
      const bound = { absolute: 1e-6, relative: 1e-5 };
      expectClose(tiled.dPositives, whole.dPositives, bound, 'dPositives');
      expectClose(tiled.dNegatives, whole.dNegatives, bound, 'dNegatives');
    }));

  it('refuses vectors that one binding cannot hold, with the numbers', () =>
    withTensors(gpu, async (scope) => {
      const queries = scope.unwritten('queries', [1, 1]);
      const positives = { ...queries, shape: [2 ** 20, 2 ** 12] };
      const context = openContext(gpu);
      const run = () =>
        infonceLoss(context, 'infonce', { queries, positives, negatives: null }, { weight: 1, temperature: 1 });
      expect(run).toThrowError(expect.objectContaining({ code: 'LIMIT_EXCEEDED' }));
      expect(run).toThrowError('1048576 vectors of 4096 numbers are 17179869184 bytes');
      context.release();
    }));

  it('takes thousands of queries and columns', () =>
    withTensors(gpu, async (scope) => {
      const [B, N, C] = [2049, 2, 4];
      const [q, p, n] = [unitRows(1, B, C), unitRows(2, B, C), unitRows(3, B * N, C)];
      const result = irLoss(gpu, {
        queries: uploadRows(scope, 'q', q),
        positives: uploadRows(scope, 'p', p),
        negatives: uploadRows(scope, 'n', n),
        P: 1,
        N,
        terms: irTerm(),
      });
      const row = 2048;
      const logits = [p, n].flatMap(({ exact }) =>
        Array.from({ length: exact.length / C }, (_, c) => reference.dot(q.exact, exact, row * C, c * C, C) / 0.02),
      );
      const total = reference.logSumExp(logits);
      const masses = logits.map((logit) => Math.exp(logit - total));
      const expected = Array.from({ length: C }, (_, channel) => {
        const candidate = (c: number) => (c < B ? p.exact[c * C + channel] : n.exact[(c - B) * C + channel]);
        return masses.reduce((sum, mass, c) => sum + ((mass - (c === row ? 1 : 0)) * candidate(c)) / 0.02 / B, 0);
      });
      const actual = await gpu.read(result.gradients.queries);
      expectClose(actual.subarray(row * C), expected, { absolute: 1e-6, relative: 1e-4 }, 'last row');
      result.release();
    }));
});

describe('stsLoss', () => {
  const grades = (B: number) => Float32Array.from({ length: B }, (_, i) => ((i * 5) % 6) / 5);

  it.each([
    { B: 1, C: 3 },
    { B: 2, C: 7 },
    { B: 13, C: 31 },
    { B: 32, C: 64 },
    { B: 65, C: 33 },
  ])('the default set, %o', ({ B, C }) =>
    withTensors(gpu, async (scope) => {
      const rows = [1, 2, 3, 4].map((seed) => unitRows(seed * 10 + B, B, C));
      const [queries, partners, innerQueries, innerPartners] = rows.map((one) => uploadRows(scope, 'rows', one));
      const y = grades(B);
      const terms = codiemb.sts;
      const result = stsLoss(gpu, { queries, partners, innerQueries, innerPartners, grades: y, terms });
      const [q, p, innerQ, innerP] = rows.map((one) => one.exact);
      const s = reference.cosines(q, p, C);
      const parts = { pearson: reference.pearson(s, y), pro: reference.pro(s, y), 'rank-kl': reference.rankKl(s, y) };
      const inner = reference.innerInfonce(innerQ, innerP, C, y);
      const dS = s.map(
        (_, i) =>
          2 * parts.pearson.dSimilarity[i] + 0.5 * parts.pro.dSimilarity[i] + 5 * parts['rank-kl'].dSimilarity[i],
      );
      const expected = reference.cosinesBackward(q, p, dS);
      for (const name of ['pearson', 'pro', 'rank-kl'] as const) {
        expectClose(await gpu.read(result.components[name]!), [parts[name].value], tolerances.pro, name);
      }
      expectClose(await gpu.read(result.components['inner-infonce']!), [inner.value], tolerances.infonceValue, 'inner');
      const total = 2 * parts.pearson.value + 0.5 * parts.pro.value + 5 * parts['rank-kl'].value + inner.value;
      expectClose(await gpu.read(result.total), [total], tolerances.stsTotal, 'total');
      await expectTensor(result.gradients.queries, expected.dQueries, 'dQueries');
      await expectTensor(result.gradients.partners, expected.dPartners, 'dPartners');
      await expectTensor(result.gradients.innerQueries!, inner.dQueries, 'dInnerQueries');
      await expectTensor(result.gradients.innerPartners!, inner.dPositives, 'dInnerPartners');
      expect((await gpu.readU32(result.warnings['constantSimilarity']))[0]).toBe(0);
      result.release();
    }),
  );

  it.each([
    { B: 1, C: 3 },
    { B: 13, C: 31 },
    { B: 65, C: 33 },
  ])('sums the gradients of a term that reads candidates with those of pairs, %o', ({ B, C }) =>
    withTensors(gpu, async (scope) => {
      const [q, p] = [unitRows(B, B, C), unitRows(B + 1, B, C)];
      const input = {
        queries: uploadRows(scope, 'q', q),
        partners: uploadRows(scope, 'p', p),
        innerQueries: null,
        innerPartners: null,
        grades: grades(B),
        terms: [...irTerm({}, 3), { loss: 'pearson' as const, weight: 2, parameters: {} }],
      };
      const s = reference.cosines(q.exact, p.exact, C);
      const pearson = reference.pearson(s, input.grades);
      const dS = pearson.dSimilarity.map((value) => 2 * value);
      const ofPairs = reference.cosinesBackward(q.exact, p.exact, dS);
      const candidates = { queries: q.exact, positives: p.exact, negatives: new Float64Array(0) };
      const infonce = reference.infonce({ ...candidates, width: C, P: 1, N: 0, temperature: 0.02 });
      const sum = (a: Float64Array, b: Float64Array) => a.map((value, i) => value + 3 * b[i]);
      const context = openContext(gpu);
      const gradients = similarityTerms(context, input, { components: {}, warnings: {} });
      const total = [2 * pearson.value + 3 * infonce.value];
      expectClose(await gpu.read(context.total), total, tolerances.stsTotal, 'total');
      await expectTensor(gradients.queries, sum(ofPairs.dQueries, infonce.dQueries), 'dQueries');
      await expectTensor(gradients.partners, sum(ofPairs.dPartners, infonce.dPositives), 'dPartners');
      context.endScratch();
      context.release();
    }),
  );

  it('counts a warning where all cosines are equal, and stays finite', () =>
    withTensors(gpu, async (scope) => {
      const one = { data: Float32Array.from({ length: 8 }, (_, i) => (i % 2 === 0 ? 1 : 0)), shape: [4, 2] };
      const queries = scope.upload('q', one.shape, one.data);
      const partners = scope.upload('p', one.shape, one.data);
      const terms = codiemb.sts.filter(({ loss }) => loss !== 'inner-infonce');
      const result = stsLoss(gpu, {
        queries,
        partners,
        innerQueries: null,
        innerPartners: null,
        grades: grades(4),
        terms,
      });
      expect((await gpu.readU32(result.warnings['constantSimilarity']))[0]).toBe(1);
      const texts = lossCatalog.flatMap((row) => ('warnings' in row ? Object.keys(row.warnings) : []));
      expect(texts).toEqual(expect.arrayContaining(Object.keys(result.warnings)));
      expect(await gpu.read(result.components.pearson!)).toEqual(Float32Array.of(0));
      expect((await gpu.read(result.gradients.queries)).every(Number.isFinite)).toBe(true);
      expect(result.gradients.innerQueries).toBeNull();
      result.release();
    }));

  it('gives zero inner gradients where no grade reaches the threshold or no term asks', () =>
    withTensors(gpu, async (scope) => {
      const [a, b] = [unitRows(1, 5, 3), unitRows(2, 5, 3)];
      const [queries, partners] = [uploadRows(scope, 'a', a), uploadRows(scope, 'b', b)];
      const input = { queries, partners, innerQueries: queries, innerPartners: partners };
      const low = new Float32Array(5).fill(0.5);
      for (const terms of [codiemb.sts, codiemb.sts.slice(0, 1)]) {
        const result = stsLoss(gpu, { ...input, grades: low, terms });
        expect(await gpu.read(result.gradients.innerQueries!)).toEqual(new Float32Array(15));
        expect(await gpu.read(result.gradients.innerPartners!)).toEqual(new Float32Array(15));
        result.release();
      }
    }));

  it('refuses grades outside 0..1 and loss sets that do not fit, by name', () =>
    withTensors(gpu, async (scope) => {
      const rows = uploadRows(scope, 'rows', unitRows(1, 2, 3));
      const input = { queries: rows, partners: rows, innerQueries: null, innerPartners: null };
      const terms = codiemb.sts.slice(0, 1);
      for (const bad of [-1, Number.NaN, 1.5]) {
        expect(() => stsLoss(gpu, { ...input, grades: Float32Array.of(0, bad), terms })).toThrowError(
          expect.objectContaining({ code: 'BAD_USER_INPUT', message: `The grade of pair 1 of the batch is ${bad}` }),
        );
      }
      const run = (wrong: readonly LossTerm[]) => () =>
        stsLoss(gpu, { ...input, grades: Float32Array.of(0, 1), terms: wrong });
      expect(run([])).toThrowError(TandemError);
      expect(run(codiemb.ir)).toThrowError('The loss infonce does not belong to the task sts');
      expect(run([...terms, ...terms])).toThrowError('The loss pearson is given twice');
    }));

  it('gives every lease back', () =>
    withTensors(gpu, async (scope) => {
      const rows = uploadRows(scope, 'rows', unitRows(1, 8, 4));
      const input = { queries: rows, partners: uploadRows(scope, 'b', unitRows(2, 8, 4)) };
      const run = () => {
        const inner = { innerQueries: input.queries, innerPartners: input.partners };
        stsLoss(gpu, { ...input, ...inner, grades: grades(8), terms: codiemb.sts }).release();
        return gpu.memory().pooled;
      };
      // The pool hands out what fits, so it takes a few passes to have the buffers that a pass wants.
      for (let time = 0; time < 5; time++) run();
      const first = run();
      for (let time = 0; time < 5; time++) expect(run()).toBe(first);
      await gpu.idle();
    }));
});

interface Golden {
  loss: string;
  params: Record<string, number>;
  inputs: { queries: number[][]; partners?: number[][]; passages?: number[][]; grades?: number[] };
  value: number;
}

describe('the authors’ figures on the device', () => {
  const file = new URL('../fixtures/losses.json', import.meta.url);
  const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { cases: Golden[] };
  const unit = (scope: Scope, rows: number[][]) =>
    scope.upload(
      'unit',
      [rows.length, rows[0].length],
      Float32Array.from(reference.normalise(rows.flat(), rows[0].length).unit),
    );

  it.each(cases.filter(({ inputs }) => inputs.passages).map((one, index) => [index, one] as const))(
    'infonce %i',
    (_, one) =>
      withTensors(gpu, async (scope) => {
        const { positives: P, negatives: N, temperature } = one.params;
        const passages = one.inputs.passages!;
        const negatives = passages.filter((_row, index) => index % (P + N) >= P);
        const result = irLoss(gpu, {
          queries: unit(scope, one.inputs.queries),
          positives: unit(
            scope,
            passages.filter((_row, index) => index % (P + N) < P),
          ),
          negatives: N > 0 ? unit(scope, negatives) : null,
          P,
          N,
          terms: irTerm({ temperature }),
        });
        expectClose(await gpu.read(result.total), [one.value], tolerances.infonceValue);
        result.release();
      }),
  );

  const pairs = cases.filter(({ loss }) => ['sts-total-without-inner-layer', 'inner-layer-infonce'].includes(loss));
  it.each(pairs.map((one, index) => [index, one.loss, one] as const))('%i %s', (_, loss, one) =>
    withTensors(gpu, async (scope) => {
      const [queries, partners] = [unit(scope, one.inputs.queries), unit(scope, one.inputs.partners!)];
      const isInner = loss === 'inner-layer-infonce';
      const terms: LossTerm[] = isInner
        ? [{ loss: 'inner-infonce', weight: 1, parameters: one.params }]
        : codiemb.sts.filter(({ loss: name }) => name !== 'inner-infonce');
      const inner = isInner
        ? { innerQueries: queries, innerPartners: partners }
        : { innerQueries: null, innerPartners: null };
      const result = stsLoss(gpu, {
        queries,
        partners,
        ...inner,
        grades: Float32Array.from(one.inputs.grades!),
        terms,
      });
      expectClose(await gpu.read(result.total), [one.value], tolerances.stsTotal);
      result.release();
    }),
  );
});
