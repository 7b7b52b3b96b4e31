/** Joint models beside those of other roles: one seed by the units, several by Student's t. */
import { describe, expect, it } from 'vitest';
import { get, type Live, refusal } from './harness.ts';

const report = `query(
  $joint: [ID!]!, $others: [TrainingRoleInput!]!, $datasets: [ID!], $suite: ID, $split: Split = TEST
) {
  negativeTransfer(joint: $joint, others: $others, datasets: $datasets, suite: $suite, split: $split) {
    over name split task datasets seeds joint unseen
    transfers { role value difference low high p verdict unseen }
  }
}`;

interface Row {
  readonly over: string;
  readonly name: string | null;
  readonly split: string | null;
  readonly unseen: boolean;
  readonly task: string;
  readonly seeds: number;
  readonly joint: number;
  readonly transfers: readonly Record<string, number | string | boolean | null>[];
}

export function transferSuite(live: () => Live): void {
  const ids = () => live().made.checkpoints;
  const datasets = () => [live().made.ir, live().made.sts];

  /** A checkpoint of the same weights. */
  async function copyOf(id: string): Promise<string> {
    const mutation = `mutation($input: FuseCheckpointsInput!) { fuseCheckpoints(input: $input) { checkpoint { id } } }`;
    const input = { checkpoints: [id], method: 'LINEAR', idempotencyKey: `transfer copy ${id}` };
    const made = await get<{ fuseCheckpoints: { checkpoint: { id: string } } }>(live(), mutation, { input });
    return made.fuseCheckpoints.checkpoint.id;
  }

  const reported = async (joint: readonly string[], others: object, on: object): Promise<readonly Row[]> =>
    (await get<{ negativeTransfer: Row[] }>(live(), report, { joint, others, ...on })).negativeTransfer;

  async function rowsOf(
    joint: readonly string[],
    others: object,
    further: readonly string[] = [],
  ): Promise<readonly Row[]> {
    const evaluate = 'mutation($input: EvaluateCheckpointInput!) { evaluateCheckpoint(input: $input) { __typename } }';
    for (const [at, id] of [...ids(), ...further].entries()) {
      const input = { checkpoint: { id }, datasets: datasets(), idempotencyKey: `transfer ${at}` };
      await get(live(), evaluate, { input });
    }
    return reported(joint, others, { datasets: datasets() });
  }

  describe('a report of negative transfer', () => {
    it('tests one seed by its units, data set by data set, and gives means by task', async () => {
      const [untrained, trained] = ids() as [string, string];
      const rows = await rowsOf([trained], [{ role: 'IR_ONLY', checkpoints: [untrained] }]);
      expect(rows.map(({ over, task, seeds }) => [over, task, seeds])).toEqual([
        ['DATASET', 'IR', 1],
        ['DATASET', 'STS', 1],
        ['TASK', 'IR', 1],
        ['TASK', 'STS', 1],
      ]);
      for (const { over, joint, transfers } of rows) {
        const [{ role, value, difference, low, p }] = transfers as [Record<string, number>];
        expect(role).toBe('IR_ONLY');
        expect(difference).toBeCloseTo(joint - value!, 12);
        expect([low === null, p === null]).toEqual(over === 'DATASET' ? [false, false] : [true, true]);
      }
    });

    it('marks what the joint models, and those of a role, have not learnt from', async () => {
      const [untrained, trained] = ids() as [string, string];
      const rows = await rowsOf([trained], [{ role: 'IR_ONLY', checkpoints: [untrained] }]);
      // The run trained on other splits of both data sets; its checkpoint 0 has learnt nothing.
      expect(rows.map(({ unseen, transfers }) => [unseen, transfers[0]!['unseen']])).toEqual(
        rows.map(() => [false, true]),
      );
      const turned = await rowsOf([untrained], [{ role: 'IR_ONLY', checkpoints: [trained] }]);
      expect(turned.map(({ unseen, transfers }) => [unseen, transfers[0]!['unseen']])).toEqual(
        rows.map(() => [true, false]),
      );
    });

    it('is over the splits of a suite, by the domains that it says', async () => {
      const [untrained, trained] = ids() as [string, string];
      const others = [{ role: 'IR_ONLY', checkpoints: [untrained] }];
      const plain = await rowsOf([trained], others);
      const create = 'mutation($input: CreateSuiteInput!) { createSuite(input: $input) { suite { id } } }';
      const entries = datasets().map((dataset) => ({ dataset, domain: 'all' }));
      const input = { name: 'transfer', entries };
      const { suite } = (await get<{ createSuite: { suite: { id: string } } }>(live(), create, { input })).createSuite;
      // The splits are those of the suite, whatever else is said.
      const rows = await reported([trained], others, { suite: suite.id, split: 'TRAIN' });
      expect(rows.filter(({ over }) => over !== 'DOMAIN')).toEqual(plain);
      const domains = rows.filter(({ over }) => over === 'DOMAIN');
      expect(domains.map(({ name, task, split }) => [name, task, split])).toEqual([
        ['all', 'IR', null],
        ['all', 'STS', null],
      ]);
      const both = { joint: [trained], others, datasets: datasets(), suite: suite.id };
      const refused = (await refusal(live(), report, both)).extensions;
      expect(refused).toMatchObject({ code: 'BAD_USER_INPUT', field: 'suite' });
      const compare = `query($reference: CheckpointChoice, $candidate: CheckpointChoice, $suite: ID) {
        compareCheckpoints(reference: $reference, candidate: $candidate, suite: $suite) {
          dataset { id } reference { split } difference
        }
      }`;
      const choices = { reference: { id: untrained }, candidate: { id: trained }, suite: suite.id };
      const compared = await get<{ compareCheckpoints: { dataset: object; reference: object; difference: number }[] }>(
        live(),
        compare,
        choices,
      );
      expect(compared.compareCheckpoints.map(({ dataset, reference }) => [dataset, reference])).toEqual(
        datasets().map((id) => [{ id }, { split: 'TEST' }]),
      );
      expect(compared.compareCheckpoints[0]!.difference).toBe(rows[0]!.transfers[0]!['difference']);
      await get(live(), 'mutation($id: ID!) { deleteSuite(id: $id) { deletedId } }', { id: suite.id });
    });

    it("gives Student's interval over the seeds, paired in order", async () => {
      const [untrained, trained] = ids() as [string, string];
      // The same weights by other rows, so that the difference of the means is 0.
      const again = await Promise.all([untrained, trained].map((id) => copyOf(id)));
      const others = [{ role: 'STS_THEN_IR', checkpoints: again }];
      const rows = await rowsOf([trained, untrained], others, again);
      for (const { joint, seeds, transfers } of rows) {
        const [{ value, difference, low, high, p, verdict }] = transfers as [Record<string, number>];
        expect([seeds, p, verdict]).toEqual([2, null, 'UNDECIDED']);
        expect(value).toBeCloseTo(joint, 12);
        expect(difference).toBeCloseTo(0, 12);
        expect(high).toBeCloseTo(-low!, 9);
      }
    });

    it.each([
      ['no joint checkpoint', { joint: [] }, 'BAD_USER_INPUT', 'joint'],
      ['no other role', { others: [] }, 'BAD_USER_INPUT', 'others'],
      ['one checkpoint of two roles', { joint: [0] }, 'BAD_USER_INPUT', 'others.0.checkpoints.0'],
      ['another number of seeds', { others: [['IR_ONLY', 2]] }, 'BAD_USER_INPUT', 'others.0.checkpoints'],
      [
        'a role twice',
        {
          others: [
            ['IR_ONLY', 1],
            ['IR_ONLY', 1],
          ],
        },
        'BAD_USER_INPUT',
        'others.1.role',
      ],
      ['a missing evaluation', { split: 'TRAIN' }, 'NOT_FOUND', 'joint.0'],
      ['nothing to compare on', { on: null }, 'BAD_USER_INPUT', 'datasets'],
    ] as const)('is refused for %s', async (_, given, code, field) => {
      const { joint, others, split, on } = {
        ...{ joint: [1], others: [['STS_ONLY', 1]] as const, split: 'TEST', on: datasets() },
        ...given,
      };
      const variables = {
        joint: joint.map((at) => ids()[at]),
        others: others.map(([role, count]) => ({ role, checkpoints: ids().slice(0, count) })),
        datasets: on,
        split,
      };
      expect((await refusal(live(), report, variables)).extensions).toMatchObject({ code, field });
    });
  });
}
