/** Leaderboards: order by any column, ties and what is missing, pages; and what splits share with training data. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fuse } from './fixture.ts';
import { get, type Live, refusal } from './harness.ts';

interface Row {
  readonly checkpoint: { readonly id: string } | null;
  readonly mean: { readonly value: number | null };
  readonly cells: readonly { readonly figure: { readonly value: number | null } }[];
}

interface Board {
  readonly totalCount: number;
  readonly nodes: readonly Row[];
  readonly pageInfo: { readonly endCursor: string };
}

const fields = 'checkpoint { id } mean { value } cells { figure { value } } tasks { figure { value } }';

export function leaderboardSuite(live: () => Live): void {
  describe('a leaderboard', () => {
    let suite = '';
    let older = '';
    let twin = '';
    let partial = '';
    const suitable = 'mutation($input: EvaluateSuiteInput!) { evaluateSuite(input: $input) { __typename } }';

    beforeAll(async () => {
      const { ir, sts, checkpoints } = live().made;
      const create = 'mutation($input: CreateSuiteInput!) { createSuite(input: $input) { suite { id } } }';
      const entries = [
        { dataset: ir, split: 'TRAIN', domain: 'machines' },
        { dataset: sts, split: 'TRAIN' },
      ];
      const made = await get<{ createSuite: { suite: { id: string } } }>(live(), create, {
        input: { name: 'ranked', entries },
      });
      suite = made.createSuite.suite.id;
      // The same weights twice: a tie.
      older = await fuse(live(), checkpoints);
      twin = await fuse(live(), checkpoints);
      for (const id of [twin, older, checkpoints.at(-1)!])
        await get(live(), suitable, { input: { suite, checkpoint: { id } } });
      await get(live(), suitable, { input: { suite } });
      const evaluate =
        'mutation($input: EvaluateCheckpointInput!) { evaluateCheckpoint(input: $input) { __typename } }';
      partial = await fuse(live(), checkpoints);
      await get(live(), evaluate, { input: { checkpoint: { id: partial }, datasets: [ir], split: 'TRAIN' } });
    });
    afterAll(async () => {
      await get(live(), 'mutation($id: ID!) { deleteSuite(id: $id) { deletedId } }', { id: suite });
      for (const id of [older, twin, partial]) {
        await get(live(), 'mutation($id: ID!) { deleteCheckpoint(id: $id) { deletedId } }', { id });
      }
    });

    const ask = `query($of: SuiteChoice!, $checkpoints: [ID!], $orderBy: LeaderboardOrder, $first: Int, $after: String) {
      leaderboard(of: $of, checkpoints: $checkpoints, orderBy: $orderBy, first: $first, after: $after) {
        totalCount nodes { ${fields} } pageInfo { endCursor }
      }
    }`;
    const boardOf = async (variables: object): Promise<Board> =>
      (await get<{ leaderboard: Board }>(live(), ask, { of: { suite }, ...variables })).leaderboard;
    const idsOf = ({ nodes }: Board) => nodes.map(({ checkpoint }) => checkpoint?.id ?? 'baseline');

    it('has the best first, the older of equal ones before the other, and the undefined last', async () => {
      const board = await boardOf({});
      // Other suites evaluate checkpoints, too.
      const own = ['baseline', older, twin, partial, live().made.checkpoints.at(-1)];
      expect(idsOf(board)).toEqual(expect.arrayContaining(own));
      expect(board.totalCount).toBe(board.nodes.length);
      expect(board.nodes.at(-1)).toMatchObject({ checkpoint: { id: partial }, mean: { value: null } });
      expect(board.nodes.at(-1)!.cells.map(({ figure }) => figure.value !== null)).toEqual([true, false]);
      const values = board.nodes.slice(0, -1).map(({ mean }) => mean.value!);
      expect(values).toEqual(values.toSorted((a, b) => b - a));
      expect(idsOf(board).indexOf(twin)).toBe(idsOf(board).indexOf(older) + 1);
      const worst = await boardOf({ orderBy: { direction: 'ASC' } });
      expect(idsOf(worst).at(-1)).toBe(partial);
      expect(idsOf(worst).indexOf(twin)).toBe(idsOf(worst).indexOf(older) + 1);
    });

    it.each([
      ['a split', { entry: 1 }, (row: Row) => row.cells[1]!.figure.value],
      ['a task', { task: 'IR' }, (row: Row) => row.cells[0]!.figure.value],
      ['a domain', { domain: 'machines' }, (row: Row) => row.cells[0]!.figure.value],
    ])('is ordered by %s', async (_what, column, figureOf) => {
      const { nodes } = await boardOf({ orderBy: { column } });
      const values = nodes.map(figureOf);
      const defined = values.filter((value) => value !== null);
      expect(defined.length).toBeGreaterThan(3);
      expect(values.slice(0, defined.length)).toEqual(defined.toSorted((a, b) => b - a));
    });

    it('comes in pages, of chosen checkpoints or splits', async () => {
      const whole = await boardOf({});
      const first = await boardOf({ first: 2 });
      const second = await boardOf({ first: 10, after: first.pageInfo.endCursor });
      expect([...first.nodes, ...second.nodes]).toEqual(whole.nodes);
      const chosen = await boardOf({ checkpoints: [twin, partial] });
      expect(idsOf(chosen)).toEqual([twin, partial]);
      const entries = [{ dataset: live().made.ir, split: 'TRAIN' }];
      const ofSplits = await boardOf({ of: { entries } });
      expect(ofSplits.nodes.map(({ mean }) => mean.value)).not.toContain(null);
      expect(idsOf(ofSplits)).toContain(partial);
    });

    it.each([
      ['an entry that it lacks', { orderBy: { column: { entry: 2 } } }, 'orderBy.entry'],
      ['a domain that it lacks', { orderBy: { column: { domain: 'ships' } } }, 'orderBy.domain'],
      ['no split', { of: { entries: [] } }, 'of.entries'],
    ])('is refused of %s', async (_what, variables, field) => {
      const { extensions } = await refusal(live(), ask, { of: { suite }, ...variables });
      expect([extensions['code'], extensions['field']]).toEqual(['BAD_USER_INPUT', field]);
    });

    it('is refused of a task that it lacks', async () => {
      const of = { entries: [{ dataset: live().made.ir }] };
      const { extensions } = await refusal(live(), ask, { of, orderBy: { column: { task: 'STS' } } });
      expect(extensions['field']).toBe('orderBy.task');
    });
  });

  describe('an overlap', () => {
    it('tells what a checkpoint was trained on, and what a split shares with it', async () => {
      const { ir, sts, checkpoints } = live().made;
      const query = `query($id: ID!, $dataset: ID!, $split: Split!) { node(id: $id) { ... on Checkpoint {
        trainingSets { id }
        overlap(dataset: $dataset, split: $split) {
          unseen texts sharedTexts pairs sharedPairs same { id } related { id }
        }
      } } }`;
      const overlap = async (id: string, dataset: string, split: string) =>
        (await get<{ node: unknown }>(live(), query, { id, dataset, split })).node;
      const trained = [{ id: ir }, { id: sts }];
      expect(await overlap(checkpoints.at(-1)!, sts, 'TRAIN')).toMatchObject({
        trainingSets: trained,
        overlap: { unseen: false, pairs: 18, sharedPairs: 18, same: [{ id: sts }], related: [] },
      });
      // The question of each test query is its own; of the documents that are searched some were negatives.
      expect(await overlap(checkpoints.at(-1)!, ir, 'TEST')).toMatchObject({
        overlap: { unseen: false, pairs: 6, sharedPairs: 0, same: [{ id: ir }] },
      });
      expect(await overlap(checkpoints[0]!, sts, 'TRAIN')).toMatchObject({
        trainingSets: [],
        overlap: { unseen: true, sharedTexts: 0, sharedPairs: 0, same: [] },
      });
      const { extensions } = await refusal(live(), query, { id: checkpoints[0], dataset: ir, split: 'DEV' });
      expect([extensions['code'], extensions['field']]).toEqual(['BAD_USER_INPUT', 'split']);
    });
  });
}
