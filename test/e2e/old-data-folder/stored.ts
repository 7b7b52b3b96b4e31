/** What the data folder holds, and what is computed from it, is what 0.2.0 said. */
import { expect, it } from 'vitest';
import { type Answer, expected, idOf } from './fixture.ts';
import { ask, type Old } from './harness.ts';

interface Hit {
  readonly rank: number;
  readonly score: number;
  readonly document: { readonly id: string };
}

interface Page {
  readonly nodes: readonly { readonly key: string }[];
  readonly pageInfo?: { readonly hasNextPage: boolean; readonly endCursor: string };
}

const isComputed = ({ name }: Answer): boolean => ['Search', 'Embed', 'Similarity'].includes(name);

/** An answer whose hits stand in the order of their documents: scores that differ by a rounding may change places. */
function withoutRanks(data: Answer['data']): Answer['data'] {
  const found = data['search'] as { readonly hits: readonly Hit[] } | undefined;
  if (!found) return data;
  const hits = found.hits
    .map(({ rank: _rank, ...hit }) => hit)
    .sort((a, b) => (a.document.id < b.document.id ? -1 : 1));
  return { search: { ...found, hits } };
}

/** What another adapter gives: the same, with every number within 1e-5. */
function nearly(value: unknown): unknown {
  if (typeof value === 'number') return expect.closeTo(value, -Math.log10(2e-5));
  if (Array.isArray(value)) return value.map(nearly);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, nearly(item)]));
}

export function storedSuite(old: () => Old): void {
  it.each(expected.answers.filter((answer) => !isComputed(answer)))('gives $name', async (answer) => {
    expect(await ask(old(), answer.name, answer.variables)).toEqual(answer.data);
  });

  it.each(expected.answers.filter(isComputed))('computes $name', async ({ name, variables, data }) => {
    const found = await ask(old(), name, variables);
    if (old().sameBits) expect(found).toEqual(data);
    else expect(withoutRanks(found)).toEqual(nearly(withoutRanks(data)));
  });

  it('gives the records page by page', async () => {
    type Data = { readonly dataset: { readonly records: Page } };
    const text = `query Page($id: ID!, $after: String) {
      dataset(id: $id) {
        records(split: TRAIN, first: 7, after: $after) { nodes { key } pageInfo { hasNextPage endCursor } }
      }
    }`;
    const id = idOf('Datasets', 'pairs');
    const keys: string[] = [];
    for (let page: Page | undefined; page === undefined || page.pageInfo?.hasNextPage; ) {
      page = (await ask<Data>(old(), 'Page', { id, after: page?.pageInfo?.endCursor ?? null }, text)).dataset.records;
      keys.push(...page.nodes.map(({ key }) => key));
    }
    const all = (await ask<Data>(old(), 'Records', { id, split: 'TRAIN' })).dataset.records;
    expect(keys).toEqual(all.nodes.map(({ key }) => key));
    expect(keys.length).toBeGreaterThan(14);
  });
}
