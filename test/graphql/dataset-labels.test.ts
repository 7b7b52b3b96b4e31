/** What is said of data sets: domain, language, what they are derived from; kept, filtered by, and said again later. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { irRecords, startLive } from './live/fixture.ts';
import { get, inputRefusal, type Live, stopLive } from './live/harness.ts';

let live: Live;
beforeAll(async () => {
  live = await startLive();
});
afterAll(() => stopLive(live));

const records = irRecords.slice(0, 3);
async function importLabelled(labels: object) {
  const mutation = `mutation($input: ImportDatasetInput!) {
    importDataset(input: $input) { reused dataset { domain language derivedFrom } }
  }`;
  return get(live, mutation, { input: { name: 'labelled', source: { records }, ...labels } });
}

it('are kept with a data set; an equal version takes those that are given later', async () => {
  const said = { domain: 'maintenance', language: 'en', derivedFrom: ['manuals', 'faq'] };
  expect(await importLabelled({})).toEqual({
    importDataset: { reused: false, dataset: { domain: null, language: null, derivedFrom: [] } },
  });
  expect(await importLabelled(said)).toEqual({ importDataset: { reused: true, dataset: said } });
  expect(await importLabelled({ language: 'en-GB' })).toEqual({
    importDataset: { reused: true, dataset: { ...said, language: 'en-GB' } },
  });
  const query = 'query($filter: DatasetFilter) { datasets(filter: $filter) { nodes { name } } }';
  const found = async (filter: object) => (await get<never>(live, query, { filter }))['datasets'];
  const only = { nodes: [{ name: 'labelled' }] };
  for (const filter of [{ domain: 'maintenance' }, { language: 'en-GB' }, { derivedFrom: 'faq' }]) {
    expect(await found(filter)).toEqual(only);
  }
  expect(await found({ derivedFrom: 'fa' })).toEqual({ nodes: [] });
});

it('are refused where a language is no tag', async () => {
  const input = { name: 'labelled', source: { records }, language: 'no language' };
  const refused = await inputRefusal(live, 'importDataset', 'ImportDatasetInput', input);
  expect(refused).toEqual(['BAD_USER_INPUT', 'input.language']);
});
