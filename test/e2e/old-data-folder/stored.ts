/** What the data folder holds, and what is computed from it, is what 0.2.0 said. */
import { expect, it } from 'vitest';
import { type Answer, expected, idOf, rowsOf } from './fixture.ts';
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

interface Job {
  readonly id: string;
  readonly kind?: string;
}

type JobLists = Readonly<Record<'jobs' | 'succeeded' | 'failed', { readonly nodes: readonly Job[] }>>;

/** The jobs as 0.2.0 listed them: without those of runs, and with imported models among the created ones. */
function asListedThen(name: string, data: Answer['data']): Answer['data'] {
  if (name !== 'Jobs') return data;
  const { jobs, succeeded, failed } = data as JobLists;
  const ofRuns = new Set(jobs.nodes.filter(({ kind }) => kind === 'TRAIN').map(({ id }) => id));
  const named = (job: Job): Job => (job.kind === 'IMPORT_MODEL' ? { ...job, kind: 'CREATE_MODEL' } : job);
  const others = (nodes: readonly Job[]) => nodes.filter(({ id }) => !ofRuns.has(id)).map(named);
  const nodes = others(jobs.nodes);
  return {
    jobs: { nodes, totalCount: nodes.length },
    succeeded: { nodes: others(succeeded.nodes) },
    failed: { nodes: others(failed.nodes) },
  };
}

export function storedSuite(old: () => Old): void {
  it.each(expected.answers.filter((answer) => !isComputed(answer)))('gives $name', async (answer) => {
    const data = await ask(old(), answer.name, answer.variables);
    expect(asListedThen(answer.name, data)).toEqual(answer.data);
  });

  it.each(expected.answers.filter(isComputed))('computes $name', async ({ name, variables, data }) => {
    const found = await ask(old(), name, variables);
    if (old().sameBits) expect(found).toEqual(data);
    else expect(withoutRanks(found)).toEqual(nearly(withoutRanks(data)));
  });

  it('has a job for every run, in its state', async () => {
    const text = `query Jobs { jobs(filter: { kind: TRAIN }, first: 50) { nodes { state } } }`;
    type Data = { readonly jobs: { readonly nodes: readonly { readonly state: string }[] } };
    const { jobs } = await ask<Data>(old(), 'Jobs', {}, text);
    const states = rowsOf<{ readonly state: string }>('Runs').map(({ state }) => state);
    expect(jobs.nodes.map(({ state }) => state).sort()).toEqual(states.sort());
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
