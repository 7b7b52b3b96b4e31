/** What each query and pair of an evaluation got, page by page. */
import { describe, expect, it } from 'vitest';
import { get, type Live } from './harness.ts';

interface QueryNode {
  readonly key: string;
  readonly metrics: readonly { readonly name: string; readonly value: number }[];
  readonly text: { readonly text: string };
  readonly hits: readonly {
    readonly rank: number;
    readonly key: string;
    readonly score: number;
    readonly grade: number;
    readonly text: { readonly text: string };
  }[];
}

interface PairNode {
  readonly key: string;
  readonly cosine: number;
  readonly grade: number;
  readonly first: { readonly text: string };
  readonly second: { readonly text: string };
}

interface Connection<Node> {
  readonly totalCount: number;
  readonly nodes: readonly Node[];
  readonly pageInfo: { readonly endCursor: string | null };
}

const queryFields = 'key metrics { name value } text { text } hits { rank key score grade text { text } }';
const pairFields = 'key cosine grade first { text } second { text }';

export function unitSuite(live: () => Live): void {
  describe('the units of an evaluation', () => {
    /** Ids of an evaluation of the trained checkpoint on each task, with the main figures. */
    async function evaluate() {
      const { ir, sts, checkpoints } = live().made;
      const mutation = `mutation($input: EvaluateCheckpointInput!) {
        evaluateCheckpoint(input: $input) { evaluations { id unitsMissing main { value } } }
      }`;
      const input = { checkpoint: { id: checkpoints.at(-1) }, datasets: [ir, sts], idempotencyKey: 'units' };
      const { evaluateCheckpoint: made } = await get<{
        evaluateCheckpoint: { evaluations: { id: string; unitsMissing: null; main: { value: number } }[] };
      }>(live(), mutation, { input });
      expect(made.evaluations.map(({ unitsMissing }) => unitsMissing)).toEqual([null, null]);
      return { search: made.evaluations[0]!, pairs: made.evaluations[1]! };
    }
    async function page<Node>(evaluation: string, field: string, args: string, fields: string) {
      const query = `query($id: ID!) { node(id: $id) { ... on Evaluation {
        ${field}(${args}) { totalCount nodes { ${fields} } pageInfo { endCursor } }
      } } }`;
      const { node } = await get<{ node: Record<string, Connection<Node> | null> }>(live(), query, { id: evaluation });
      return node[field]!;
    }

    it('are queries with their hits, whose means are the figures', async () => {
      const { search } = await evaluate();
      const { totalCount, nodes } = await page<QueryNode>(search.id, 'queries', 'first: 20', queryFields);
      expect([totalCount, nodes.length]).toEqual([6, 6]);
      const ndcg = nodes.map(({ metrics }) => metrics.find(({ name }) => name === 'ndcg_at_10')!.value);
      expect(ndcg.reduce((sum, value) => sum + value, 0) / 6).toBeCloseTo(search.main.value, 12);
      for (const { text, hits } of nodes) {
        expect(hits.map(({ rank }) => rank)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
        const scores = hits.map(({ score }) => score);
        expect(scores).toEqual(scores.toSorted((a, b) => b - a));
        // The relevant document names the part of its question.
        const part = text.text.split(' ')[2]!;
        for (const hit of hits.filter(({ grade }) => grade > 0))
          expect(hit.text.text).toContain(`The ${part} is stuck`);
      }
    });

    it('are read page by page in any order, and by their ids', async () => {
      const { search } = await evaluate();
      const order = 'orderBy: { field: NDCG_AT_10, direction: DESC }';
      const whole = await page<QueryNode>(search.id, 'queries', `first: 20, ${order}`, queryFields);
      const read: QueryNode[] = [];
      for (let after: string | null = null; read.length < 6; ) {
        const at = after === null ? '' : `, after: "${after}"`;
        const part: Connection<QueryNode> = await page(search.id, 'queries', `first: 4, ${order}${at}`, queryFields);
        read.push(...part.nodes);
        after = part.pageInfo.endCursor;
      }
      expect(read).toEqual(whole.nodes);
      const { key } = read[2]!;
      const found = await page<QueryNode>(search.id, 'queries', `key: ${JSON.stringify(key)}`, queryFields);
      expect(found).toMatchObject({ totalCount: 1, nodes: [read[2]] });
      expect(await page(search.id, 'queries', 'key: "none"', queryFields)).toMatchObject({ totalCount: 0, nodes: [] });
    });

    it('are pairs with their cosines and grades', async () => {
      const { pairs } = await evaluate();
      const args = 'first: 20, orderBy: { field: GRADE, direction: DESC }';
      const { totalCount, nodes } = await page<PairNode>(pairs.id, 'pairs', args, pairFields);
      expect(totalCount).toBe(6);
      expect(nodes.map(({ grade }) => grade)).toEqual([0.4, 0.4, 0.2, 0.2, 0, 0].map(Math.fround));
      expect(nodes[0]!.first.text).toMatch(/is stuck$/);
      expect(nodes[0]!.second.text).toMatch(/works$/);
      const byCosine = await page<PairNode>(pairs.id, 'pairs', 'orderBy: { field: COSINE }', pairFields);
      const cosines = byCosine.nodes.map(({ cosine }) => cosine);
      expect(cosines).toEqual(cosines.toSorted((a, b) => a - b));
    });

    it('are not there of the other task', async () => {
      const { search, pairs } = await evaluate();
      expect(await page(search.id, 'pairs', 'first: 1', pairFields)).toBeNull();
      expect(await page(pairs.id, 'queries', 'first: 1', queryFields)).toBeNull();
    });
  });
}
