import { describe, expect, it } from 'vitest';
import { averageRanks, spearman } from '../../src/evaluation/correlation.ts';
import { evaluateSts } from '../../src/evaluation/sts.ts';
import { RandomStream } from '../../src/random/keyed.ts';

describe('averageRanks', () => {
  it('gives ties the mean of their ranks', () => {
    expect([...averageRanks([10, 20, 10, 30, 20, 20])]).toEqual([1.5, 4, 1.5, 6, 4, 4]);
  });
});

describe('evaluateSts', () => {
  const random = new RandomStream(3);
  const dimension = 5;
  const pairs = 20;
  const vector = () => Float32Array.from({ length: pairs * dimension }, () => random.float() - 0.5);
  const [first, second] = [vector(), vector()];
  const grades = Array.from({ length: pairs }, () => random.below(6) / 5);
  const row = (vectors: Float32Array, pair: number) => [...vectors.subarray(pair * dimension, (pair + 1) * dimension)];

  it('correlates cosine and negated distances with the grades', () => {
    const { metrics, units } = evaluateSts({ first, second, dimension, grades });
    const each = (measure: (a: number[], b: number[]) => number) =>
      grades.map((_, pair) => measure(row(first, pair), row(second, pair)));
    const length = (a: number[]) => Math.hypot(...a);
    const cosine = each((a, b) => a.reduce((sum, value, c) => sum + value * b[c]!, 0) / length(a) / length(b));
    const euclidean = each((a, b) => -length(a.map((value, c) => value - b[c]!)));
    const manhattan = each((a, b) => -a.reduce((sum, value, c) => sum + Math.abs(value - b[c]!), 0));
    for (const [name, scores] of Object.entries({ cosine, euclidean, manhattan })) {
      const expected = spearman(scores, grades);
      expect(metrics[`${name}_spearman`]).toBeCloseTo('value' in expected ? expected.value : Number.NaN, 12);
      expect(metrics[`${name}_pearson`]).toBeTypeOf('number');
    }
    expect([...units.grades]).toEqual(grades.map(Math.fround));

    units.cosines.forEach((value, pair) => void expect(value).toBeCloseTo(cosine[pair]!, 12));
  });

  it('leaves out pairs without a grade', () => {
    const some = grades.map((grade, pair) => (pair < 4 ? -1 : grade));
    const skip = 4 * dimension;
    const rest = { first: first.slice(skip), second: second.slice(skip), dimension, grades: grades.slice(4) };
    expect(evaluateSts({ first, second, dimension, grades: some })).toEqual(evaluateSts(rest));
  });

  it('says null and why for equal scores, equal grades, and a single pair', () => {
    const equal = evaluateSts({ first, second: first, dimension, grades });
    expect(equal.metrics['cosine_spearman']).toBeNull();
    expect(equal.undefinedReasons['cosine_spearman']).toBe('all scores are equal');
    const flat = evaluateSts({ first, second, dimension, grades: grades.map(() => 0.5) });
    expect(flat.undefinedReasons['euclidean_pearson']).toBe('all grades are equal');
    expect(flat.undefinedReasons['order_accuracy_gap_0.25']).toBe(
      'no two grades differ by more than 0.1 and at most 0.25',
    );
    const single = evaluateSts({ first: first.slice(0, 5), second: second.slice(0, 5), dimension, grades: [1] });
    expect(single.undefinedReasons['cosine_pearson']).toContain('two pairs');
  });

  it('stays finite on a zero vector and refuses one that is not finite', () => {
    const zero = first.slice();
    zero.fill(0, 0, dimension);
    expect(evaluateSts({ first: zero, second, dimension, grades }).metrics['cosine_spearman']).toBeTypeOf('number');
    zero[0] = Number.NaN;
    expect(() => evaluateSts({ first: zero, second, dimension, grades })).toThrow('not finite');
  });
});
