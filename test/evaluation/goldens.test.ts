import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { pearson, spearman } from '../../src/evaluation/correlation.ts';
import { queryMetrics } from '../../src/evaluation/retrieval.ts';
import { evaluateRun, rankedGrades } from '../../src/evaluation/run.ts';

type Nested = Record<string, Record<string, number>>;
interface Goldens {
  readonly retrieval: { name: string; qrels: Nested; run: Nested; perQuery: Nested; mean: Record<string, number> }[];
  readonly sts: { name: string; grades: number[]; scores: number[]; spearman: number | null; pearson: number | null }[];
}

/** Origin of the fixture: test/fixtures/metrics.origin.md. */
const goldens = JSON.parse(readFileSync('test/fixtures/metrics.json', 'utf8')) as Goldens;

const toMaps = (nested: Nested) =>
  new Map(Object.entries(nested).map(([query, values]) => [query, new Map(Object.entries(values))]));

/** trec_eval's names in ours: `ndcg_cut_10` -> `ndcg_at_10`, `P_1` -> `precision_at_1`. */
const ourName = (name: string) =>
  name
    .replace('recip_rank', 'mrr')
    .replace(/^(ndcg|map)_cut_/, '$1_at_')
    .replace(/^P_/, 'precision_at_')
    .replace(/^recall_/, 'recall_at_');

function expectEqual(actual: Readonly<Record<string, number | null>>, expected: Record<string, number>, label: string) {
  for (const [name, value] of Object.entries(expected)) {
    const ours = actual[ourName(name)];
    expect(ours, `${label} ${name}`).toBeTypeOf('number');
    expect(Math.abs(ours! - value), `${label} ${name}: ${ours} against ${value}`).toBeLessThanOrEqual(1e-12);
  }
}

describe('retrieval metrics equal pytrec_eval', () => {
  it.each(goldens.retrieval)('$name', ({ name, qrels, run, perQuery, mean }) => {
    const [runMap, judgements] = [toMaps(run), toMaps(qrels)];
    for (const [query, expected] of Object.entries(perQuery)) {
      const grades = rankedGrades(query, runMap, judgements);
      expect(grades, query).not.toBeNull();
      expectEqual(queryMetrics(grades!), expected, `${name} ${query}`);
    }
    const means = evaluateRun(runMap, judgements);
    expect(means.queries).toBe(Object.keys(perQuery).length);
    expectEqual(means.means(), mean, `${name} mean`);
  });
});

describe('correlations equal scipy', () => {
  it.each(goldens.sts)('$name', ({ scores, grades, ...expected }) => {
    for (const [name, statistic] of [
      ['spearman', spearman(scores, grades)],
      ['pearson', pearson(scores, grades)],
    ] as const) {
      const value = expected[name];
      if (value === null) expect(statistic).toHaveProperty('undefined');
      else {
        expect(statistic).toHaveProperty('value');
        if ('value' in statistic) expect(Math.abs(statistic.value - value)).toBeLessThanOrEqual(1e-12);
      }
    }
  });
});
