/** Two checkpoints compared on what both were evaluated on, and the geometry of their vectors. */
import { describe, expect, it } from 'vitest';
import { get, inputRefusal, type Live, refusal } from './harness.ts';

interface Row {
  readonly dataset: { readonly name: string };
  readonly reference: { readonly main: { readonly value: number } };
  readonly candidate: { readonly main: { readonly value: number } };
  readonly figure: string;
  readonly units: number;
  readonly difference: number;
  readonly low: number;
  readonly high: number;
  readonly p: number;
  readonly verdict: string;
}

const compare = `query($reference: CheckpointChoice, $candidate: CheckpointChoice, $datasets: [ID!], $split: Split = TEST) {
  compareCheckpoints(reference: $reference, candidate: $candidate, datasets: $datasets, split: $split) {
    dataset { name } figure units difference low high p detectable verdict undefinedReason
    reference { main { value } } candidate { main { value } }
  }
}`;

export function comparisonSuite(live: () => Live): void {
  const choice = (at: number) => ({ id: live().made.checkpoints.at(at) });

  /** Evaluations of both checkpoints and of the baseline on both data sets. */
  async function evaluateAll(): Promise<void> {
    const datasets = [live().made.ir, live().made.sts];
    const ofCheckpoint =
      'mutation($input: EvaluateCheckpointInput!) { evaluateCheckpoint(input: $input) { __typename } }';
    for (const at of [0, 1]) {
      const input = { checkpoint: choice(at), datasets, idempotencyKey: `comparison ${at}` };
      await get(live(), ofCheckpoint, { input });
    }
    const ofBaseline =
      'mutation($input: EvaluateBagOfWordsInput!) { evaluateBagOfWords(input: $input) { __typename } }';
    await get(live(), ofBaseline, { input: { datasets, idempotencyKey: 'comparison baseline' } });
  }

  describe('a comparison of checkpoints', () => {
    it('gives the difference of the figures with its tests, per data set', async () => {
      await evaluateAll();
      const { compareCheckpoints: rows } = await get<{ compareCheckpoints: Row[] }>(live(), compare, {
        reference: choice(0),
        candidate: choice(1),
        datasets: [live().made.sts, live().made.ir],
      });
      expect(rows.map(({ figure, units }) => [figure, units])).toEqual([
        ['cosine_spearman', 6],
        ['ndcg_at_10', 6],
      ]);
      for (const { reference, candidate, difference, low, high, p, verdict } of rows) {
        expect(difference).toBeCloseTo(candidate.main.value - reference.main.value, 12);
        expect(low).toBeLessThanOrEqual(difference);
        expect(high).toBeGreaterThanOrEqual(difference);
        expect(p).toBeGreaterThan(0);
        expect(p).toBeLessThanOrEqual(1);
        expect(verdict).toBe(low > 0 ? 'BETTER' : high < 0 ? 'WORSE' : 'UNDECIDED');
      }
      const { compareCheckpoints: turned } = await get<{ compareCheckpoints: Row[] }>(live(), compare, {
        reference: choice(1),
        candidate: choice(0),
        datasets: [live().made.sts],
      });
      expect(turned[0]).toMatchObject({ difference: -rows[0]!.difference, p: rows[0]!.p });
    });

    it('takes the baseline for one of them, and all that both were evaluated on', async () => {
      await evaluateAll();
      const { compareCheckpoints: rows } = await get<{ compareCheckpoints: Row[] }>(live(), compare, {
        candidate: choice(1),
      });
      expect(rows.map(({ units }) => units)).toEqual([6, 6]);
    });

    it.each([
      ['one checkpoint', { reference: 0, candidate: 0 }, 'BAD_USER_INPUT', 'candidate'],
      ['a split that was not evaluated', { reference: 0, candidate: 1, split: 'TRAIN' }, 'NOT_FOUND', 'datasets'],
      ['a data set twice', { reference: 0, candidate: 1, datasets: 'sts sts' }, 'BAD_USER_INPUT', 'datasets.1'],
      ['no data set', { reference: 0, candidate: 1, datasets: '' }, 'BAD_USER_INPUT', 'datasets'],
      [
        'a missing evaluation',
        { reference: 0, candidate: 1, datasets: 'ir', split: 'TRAIN' },
        'NOT_FOUND',
        'datasets.0',
      ],
    ] as const)('is refused for %s', async (_, { reference, candidate, ...rest }, code, field) => {
      const { datasets, split } = { datasets: undefined, split: undefined, ...rest };
      const ids = datasets?.split(' ').flatMap((name) => (name === '' ? [] : [live().made[name as 'ir' | 'sts']]));
      const variables = { reference: choice(reference), candidate: choice(candidate), datasets: ids, split };
      expect((await refusal(live(), compare, variables)).extensions).toMatchObject({ code, field });
    });
  });

  describe('geometry', () => {
    const evaluate = `mutation($input: EvaluateCheckpointInput!) { evaluateCheckpoint(input: $input) { evaluations {
      geometry { texts randomPairs positivePairs alignment uniformity meanCosine tokenCosine singularValues
        effectiveRank conditionNumber undefinedReasons }
    } } }`;

    it('is measured where it is asked for', async () => {
      const { ir, sts } = live().made;
      const input = { checkpoint: choice(1), datasets: [ir, sts], geometry: true, idempotencyKey: 'geometry' };
      const { evaluateCheckpoint: made } = await get<{
        evaluateCheckpoint: { evaluations: { geometry: Record<string, number> }[] };
      }>(live(), evaluate, { input });
      for (const { geometry } of made.evaluations) {
        expect(geometry['texts']).toBeGreaterThan(5);
        expect(Math.abs(geometry['meanCosine']!)).toBeLessThan(1);
        expect(geometry['effectiveRank']).toBeGreaterThan(1);
      }
      expect(made.evaluations[1]!.geometry).toMatchObject({
        positivePairs: 0,
        alignment: null,
        undefinedReasons: { alignment: expect.stringContaining('0.8') },
      });
    });

    it('is not that of dimensions', async () => {
      const { sts } = live().made;
      const input = { checkpoint: choice(1), datasets: [sts], geometry: true, dimensions: [4] };
      expect(await inputRefusal(live(), 'evaluateCheckpoint', 'EvaluateCheckpointInput', input)).toEqual([
        'BAD_USER_INPUT',
        'input.geometry',
      ]);
    });
  });
}
