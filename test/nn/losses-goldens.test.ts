/** The float64 reference against the figures of the authors' own classes. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as reference from '../reference/losses.ts';

interface Golden {
  loss: string;
  params: Record<string, number | string>;
  inputs: { queries: number[][]; partners?: number[][]; passages?: number[][]; grades?: number[] };
  value: number;
  gradient: Record<string, number[][]>;
}

const file = new URL('../fixtures/losses.json', import.meta.url);
const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { cases: Golden[] };
const tolerances: Record<string, number> = { 'rank-kl': 1e-7, 'sts-total-without-inner-layer': 5e-7 };

/** Largest difference relative to the largest golden element, so that exact zeros are held to rounding only. */
function expectGradient(actual: Float64Array, golden: number[][], tolerance: number): void {
  const flat = golden.flat();
  expect(actual.length).toBe(flat.length);
  const scale = Math.max(1, ...flat.map(Math.abs));
  flat.forEach((value, index) => {
    expect(Math.abs(actual[index] - value) <= tolerance * scale, `element ${index}: ${actual[index]} ${value}`).toBe(
      true,
    );
  });
}

type Result = { value: number; queries: Float64Array; others: Float64Array };

function pairCase({ loss, params, inputs }: Golden): Result {
  const width = inputs.queries[0].length;
  const q = reference.normalise(inputs.queries.flat(), width);
  const p = reference.normalise(inputs.partners!.flat(), width);
  const grades = inputs.grades!;
  const temperature = Number(params['temperature']);
  const back = (value: number, dQueries: Float64Array, dPartners: Float64Array): Result => ({
    value,
    queries: reference.normaliseBackward(q.unit, q.norm, dQueries),
    others: reference.normaliseBackward(p.unit, p.norm, dPartners),
  });
  if (loss === 'inner-layer-infonce') {
    const threshold = Number(params['threshold']);
    const inner = reference.innerInfonce(q.unit, p.unit, width, grades, temperature, threshold);
    return back(inner.value, inner.dQueries, inner.dPositives);
  }
  if (loss === 'angle') {
    const found = reference.angle(q.unit, p.unit, width, grades, Number(params['scale']));
    return back(found.value, found.dQueries, found.dPartners);
  }
  const s = reference.cosines(q.unit, p.unit, width);
  const weights = loss === 'sts-total-without-inner-layer' ? params : { [loss]: 1 };
  const parts = [
    { weight: Number(weights['pearson'] ?? 0), ...reference.pearson(s, grades) },
    { weight: Number(weights['pro'] ?? 0), ...reference.pro(s, grades) },
    { weight: Number(weights['rank-kl'] ?? 0), ...reference.rankKl(s, grades) },
    { weight: Number(weights['cosine-mse'] ?? 0), ...reference.cosineMse(s, grades) },
    { weight: Number(loss === 'cosent'), ...reference.cosent(s, grades, Number(params['scale'] ?? 20)) },
  ];
  const sum = (of: (part: (typeof parts)[number]) => number) => parts.reduce((total, part) => total + of(part), 0);
  const dSimilarity = s.map((_, i) => sum((part) => part.weight * part.dSimilarity[i]));
  const { dQueries, dPartners } = reference.cosinesBackward(q.unit, p.unit, dSimilarity);
  return back(
    sum((part) => part.weight * part.value),
    dQueries,
    dPartners,
  );
}

/** Passages are [query][positives then negatives]; the reference takes them apart. */
function infonceCase({ params, inputs }: Golden): Result {
  const [P, N] = [Number(params['positives']), Number(params['negatives'])];
  const width = inputs.queries[0].length;
  const q = reference.normalise(inputs.queries.flat(), width);
  const g = reference.normalise(inputs.passages!.flat(), width);
  const rows = (isWanted: (slot: number) => boolean) =>
    Array.from(g.norm.keys()).filter((row) => isWanted(row % (P + N)));
  const take = (list: number[]) =>
    Float64Array.from(list.flatMap((row) => Array.from(g.unit.subarray(row * width, (row + 1) * width))));
  const [positiveRows, negativeRows] = [rows((slot) => slot < P), rows((slot) => slot >= P)];
  const { value, dQueries, dPositives, dNegatives } = reference.infonce({
    queries: q.unit,
    positives: take(positiveRows),
    negatives: take(negativeRows),
    width,
    P,
    N,
    temperature: Number(params['temperature']),
  });
  const dPassages = new Float64Array(g.unit.length);
  positiveRows.forEach((row, at) => {
    dPassages.set(dPositives.subarray(at * width, (at + 1) * width), row * width);
  });
  negativeRows.forEach((row, at) => {
    dPassages.set(dNegatives.subarray(at * width, (at + 1) * width), row * width);
  });
  return {
    value,
    queries: reference.normaliseBackward(q.unit, q.norm, dQueries),
    others: reference.normaliseBackward(g.unit, g.norm, dPassages),
  };
}

describe('float64 losses equal the authors', () => {
  it('has every case', () => {
    expect(cases.length).toBe(32);
  });

  it.each(cases.map((golden, index) => [`${index} ${golden.loss} ${JSON.stringify(golden.params)}`, golden] as const))(
    '%s',
    (_, golden) => {
      const result = golden.inputs.passages ? infonceCase(golden) : pairCase(golden);
      const tolerance = tolerances[golden.loss] ?? 1e-12;
      expect(Math.abs(result.value - golden.value)).toBeLessThanOrEqual(
        tolerance * Math.max(1, Math.abs(golden.value)),
      );
      expectGradient(result.queries, golden.gradient['queries'], tolerance);
      expectGradient(result.others, golden.gradient['partners'] ?? golden.gradient['passages'], tolerance);
    },
  );
});
