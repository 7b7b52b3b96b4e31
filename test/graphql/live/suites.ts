/** Suites: made, evaluated with what is there kept, stopped half-way and gone on, deleted. */
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { graded, importRecords, plain } from './fixture.ts';
import { get, inputRefusal, type Live, refusal } from './harness.ts';

interface Suite {
  readonly id: string;
}

interface Result {
  readonly mean: { readonly value: number | null };
  readonly cells: readonly {
    readonly dataset: { readonly name: string };
    readonly figure: { readonly value: number | null; readonly undefinedReason: string | null };
    readonly evaluation: { readonly id: string; readonly main: { readonly value: number } } | null;
  }[];
}

const fields = `
  evaluator checkpoint { id } mean { value undefinedReason }
  cells { dataset { name } split pooled task domain figure { value undefinedReason } evaluation { id main { value } } }
  tasks { task sets figure { value } } domains { domain mean { value } tasks { task sets } } mtebResults`;

const remove = (what: string) => `mutation($id: ID!) { delete${what}(id: $id) { deletedId } }`;

export function suiteSuite(live: () => Live): void {
  const trained = () => live().made.checkpoints.at(-1)!;
  const last = () => ({ id: trained() });

  async function createSuite(name: string, entries: readonly object[]): Promise<string> {
    const mutation = 'mutation($input: CreateSuiteInput!) { createSuite(input: $input) { suite { id } } }';
    const made = await get<{ createSuite: { suite: Suite } }>(live(), mutation, { input: { name, entries } });
    return made.createSuite.suite.id;
  }
  async function evaluate(input: object) {
    const mutation = `mutation($input: EvaluateSuiteInput!) {
      evaluateSuite(input: $input) { job { id kind state subject { id } result { id } } result { ${fields} } }
    }`;
    const answer = await get<{ evaluateSuite: { job: { id: string }; result: Result } }>(live(), mutation, { input });
    return answer.evaluateSuite;
  }
  async function resultOf(id: string, checkpoint: object | null): Promise<Result> {
    const query = `query($id: ID!, $checkpoint: CheckpointChoice) {
      suite(id: $id) { result(checkpoint: $checkpoint) { ${fields} } }
    }`;
    return (await get<{ suite: { result: Result } }>(live(), query, { id, checkpoint })).suite.result;
  }
  const countOf = async (dataset: string): Promise<number> => {
    const query = 'query($id: ID!) { evaluations(filter: { dataset: $id }) { totalCount } }';
    return (await get<{ evaluations: { totalCount: number } }>(live(), query, { id: dataset })).evaluations.totalCount;
  };

  describe('a suite', () => {
    it('is made once under a key, listed, and found by its name', async () => {
      const { ir, sts } = live().made;
      const entries = [
        { dataset: ir, pooled: true, domain: 'machines' },
        { dataset: sts, split: 'TRAIN' },
      ];
      const mutation = `mutation($input: CreateSuiteInput!) {
        createSuite(input: $input) { suite { id name entries { dataset { id } split pooled task domain } } }
      }`;
      const input = { name: 'listed', entries, idempotencyKey: 'suite' };
      const made = await get<{ createSuite: { suite: Suite } }>(live(), mutation, { input });
      expect(made.createSuite.suite).toMatchObject({
        name: 'listed',
        entries: [
          { dataset: { id: ir }, split: 'TEST', pooled: true, task: 'IR', domain: 'machines' },
          { dataset: { id: sts }, split: 'TRAIN', pooled: false, task: 'STS', domain: null },
        ],
      });
      expect(await get(live(), mutation, { input })).toEqual(made);
      const other = { input: { ...input, entries: entries.slice(1) } };
      expect((await refusal(live(), mutation, other)).extensions['code']).toBe('CONFLICT');
      const { id } = made.createSuite.suite;
      const list = '{ suites(filter: { name: "listed" }) { totalCount nodes { id } } }';
      expect(await get(live(), list)).toEqual({ suites: { totalCount: 1, nodes: [{ id }] } });
      await get(live(), remove('Suite'), { id });
      expect((await refusal(live(), `{ suite(id: "${id}") { name } }`)).extensions['code']).toBe('NOT_FOUND');
    });

    it('is evaluated on each split; the macro mean weighs the tasks alike', async () => {
      const { ir, sts } = live().made;
      const entries = [
        { dataset: sts, domain: 'b' },
        { dataset: ir, domain: 'a' },
        { dataset: ir, pooled: true },
      ];
      const suite = await createSuite('evaluated', entries);
      const nothing = await resultOf(suite, last());
      expect(nothing.mean).toMatchObject({
        value: null,
        undefinedReason: expect.stringContaining('was not evaluated'),
      });
      const { job, result } = await evaluate({ suite, checkpoint: last() });
      const named = { kind: 'EVALUATE_SUITE', state: 'SUCCEEDED', subject: { id: suite }, result: { id: suite } };
      expect(job).toMatchObject(named);
      const values = result.cells.map(({ figure }) => figure.value!);
      expect(result.cells.map(({ evaluation }) => evaluation?.main.value)).toEqual(values);
      const search = (values[1]! + values[2]!) / 2;
      expect(result).toMatchObject({
        ...{ evaluator: 'CHECKPOINT', checkpoint: last() },
        tasks: [
          { task: 'IR', sets: 2, figure: { value: search } },
          { task: 'STS', sets: 1, figure: { value: values[0] } },
        ],
        mean: { value: (search + values[0]!) / 2 },
        domains: [
          { domain: 'a', mean: { value: values[1] }, tasks: [{ task: 'IR', sets: 1 }] },
          { domain: 'b', mean: { value: values[0] }, tasks: [{ task: 'STS', sets: 1 }] },
        ],
        mtebResults: [{ task_name: 'sts' }, { task_name: 'ir' }, { task_name: 'ir (pooled)' }],
      });
      const before = await countOf(ir);
      expect((await evaluate({ suite, checkpoint: last() })).result).toEqual(result);
      expect(await countOf(ir)).toBe(before);
      expect(await resultOf(suite, last())).toEqual(result);
    });

    it('is evaluated by the baseline, on pooled corpora too; an undefined figure makes the means undefined', async () => {
      const { ir } = live().made;
      const pair = (query: string, grade: number) => ({
        ...{ task: 'STS', split: 'TEST', query: plain(query), positives: [graded('the sea', grade)] },
      });
      const alike = await importRecords(live(), 'alike', [pair('a boat', 1), pair('a sail', 0)]);
      const suite = await createSuite('baseline', [{ dataset: ir, pooled: true }, { dataset: alike }]);
      const { result } = await evaluate({ suite });
      const reason = 'alike test: all scores are equal';
      expect(result).toMatchObject({
        ...{ evaluator: 'BAG_OF_WORDS', checkpoint: null },
        cells: [{ figure: { value: expect.any(Number) } }, { figure: { value: null, undefinedReason: reason } }],
        tasks: [{ figure: { value: expect.any(Number) } }, { figure: { value: null } }],
        mean: { value: null, undefinedReason: reason },
      });
      const { extensions, message } = await refusal(live(), remove('Dataset'), { id: alike });
      expect([extensions['code'], message]).toEqual(['CONFLICT', expect.stringContaining('suite "baseline"')]);
      await get(live(), remove('Suite'), { id: suite });
      await get(live(), remove('Dataset'), { id: alike });
    });

    it('that failed half-way keeps what it made, and goes on from there', async () => {
      const { ir, sts } = live().made;
      const [first] = live().made.checkpoints;
      const pair = (query: string, grade: number) => ({
        ...{ task: 'STS', split: 'TEST', query: plain(query), positives: [graded(`the gear ${query}`, grade)] },
      });
      const lost = await importRecords(live(), 'lost', [pair('gear', 1), pair('pump leaks', 0.5), pair('belt', 0)]);
      const suite = await createSuite('failed', [{ dataset: sts }, { dataset: lost }, { dataset: ir, split: 'TRAIN' }]);
      const { node } = await get<{ node: { digest: string } }>(
        live(),
        'query($id: ID!) { node(id: $id) { ... on Dataset { digest } } }',
        { id: lost },
      );
      const folder = join(live().config.dataDir, 'objects/datasets', node.digest);
      await rename(folder, `${folder}-away`);
      const input = { suite, checkpoint: { id: first }, idempotencyKey: 'failed' };
      const found = await inputRefusal(live(), 'evaluateSuite', 'EvaluateSuiteInput', input);
      expect(found).toEqual(['UNAVAILABLE', folder]);
      const broken = await resultOf(suite, { id: first });
      expect(broken.cells.map(({ evaluation }) => evaluation !== null)).toEqual([true, false, false]);
      await rename(`${folder}-away`, folder);
      const { result } = await evaluate(input);
      expect(result.cells[0]).toEqual(broken.cells[0]);
      expect(result.mean.value).toEqual(expect.any(Number));
      expect(await countOf(lost)).toBe(1);
      // Nothing is left of what the other tests do not know.
      await get(live(), remove('Suite'), { id: suite });
      await get(live(), remove('Dataset'), { id: lost });
    });

    it.each([
      ['no split', [], 'BAD_USER_INPUT', 'input.entries'],
      ['a split twice', [{}, {}], 'BAD_USER_INPUT', 'input.entries.1'],
      ['a split without records', [{ split: 'DEV' }], 'BAD_USER_INPUT', 'input.entries.0.split'],
      ['pairs with a corpus', [{}, { sts: true, pooled: true }], 'BAD_USER_INPUT', 'input.entries.1.pooled'],
      ['what is no data set', [{ dataset: 'x' }], 'BAD_USER_INPUT', 'input.entries.0.dataset'],
    ])('is refused of %s', async (_what, changes: readonly Record<string, unknown>[], code, field) => {
      const { ir, sts } = live().made;
      const entries = changes.map(({ sts: ofPairs, ...rest }) => ({ dataset: ofPairs ? sts : ir, ...rest }));
      const input = { name: 'refused', entries };
      expect(await inputRefusal(live(), 'createSuite', 'CreateSuiteInput', input)).toEqual([code, field]);
    });

    it('is refused under a name that is taken, or of a checkpoint that is not there', async () => {
      const suite = await createSuite('taken', [{ dataset: live().made.ir }]);
      const entries = [{ dataset: live().made.sts }];
      const again = await inputRefusal(live(), 'createSuite', 'CreateSuiteInput', { name: ' taken ', entries });
      expect(again).toEqual(['CONFLICT', 'input.name']);
      const input = { suite, checkpoint: { alias: 'nobody' } };
      const found = await inputRefusal(live(), 'evaluateSuite', 'EvaluateSuiteInput', input);
      expect(found).toEqual(['NOT_FOUND', 'input.checkpoint.alias']);
      await get(live(), remove('Suite'), { id: suite });
    });
  });
}
