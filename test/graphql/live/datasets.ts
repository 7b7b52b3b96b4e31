/** Import, paging, versions, and every way an import can be wrong. */
import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { graded, importRecords, irRecords, plain, stsRecords } from './fixture.ts';
import { get, inputRefusal, type Live, refusal } from './harness.ts';

const importMutation = `mutation($input: ImportDatasetInput!) {
  importDataset(input: $input) {
    reused
    job { id kind state resultId }
    dataset { id version task digest importer source scaleHigh splits { split records documents } }
  }
}`;

interface Imported {
  readonly importDataset: {
    readonly reused: boolean;
    readonly job: { readonly id: string; readonly kind: string; readonly state: string; readonly resultId: string };
    readonly dataset: {
      readonly id: string;
      readonly version: number;
      readonly task: string;
      readonly digest: string;
      readonly splits: readonly { readonly split: string; readonly records: number; readonly documents: number }[];
    };
  };
}

const importNow = (live: Live, input: object) => get<Imported>(live, importMutation, { input });

export function datasetSuite(live: () => Live): void {
  const refused = (input: object) => inputRefusal(live(), 'importDataset', 'ImportDatasetInput', input);

  describe('importDataset', () => {
    it('takes records of a request', async () => {
      const { importDataset } = await importNow(live(), { name: ' inline ', source: { records: irRecords } });
      expect(importDataset).toMatchObject({
        reused: false,
        job: { kind: 'IMPORT_DATASET', state: 'SUCCEEDED', resultId: importDataset.dataset.id },
        dataset: {
          version: 1,
          task: 'IR',
          source: 'inline',
          splits: [{ split: 'TRAIN', records: 18 }, { split: 'DEV' }, {}],
        },
      });
      const named = '{ datasets(filter: { name: "inline" }) { nodes { id } } }';
      expect(await get(live(), named)).toEqual({ datasets: { nodes: [{ id: importDataset.dataset.id }] } });
    });

    it('reuses an equal import of the name, makes a version of another', async () => {
      const first = await importNow(live(), { name: 'versions', source: { records: irRecords } });
      const same = await importNow(live(), { name: 'versions', source: { records: irRecords } });
      expect(same.importDataset).toMatchObject({ reused: true, dataset: { id: first.importDataset.dataset.id } });
      const other = await importNow(live(), { name: 'versions', source: { records: irRecords.slice(1) } });
      expect(other.importDataset).toMatchObject({ reused: false, dataset: { version: 2 } });
      const renamed = await importNow(live(), { name: 'copy', source: { records: irRecords } });
      expect(renamed.importDataset.dataset.digest).toBe(same.importDataset.dataset.digest);
      const id = renamed.importDataset.dataset.id;
      await get(live(), 'mutation($id: ID!) { deleteDataset(id: $id) { deletedId } }', { id });
      const records = '{ dataset(id: "$") { records(split: TRAIN, first: 1) { nodes { key } } } }'.replace(
        '$',
        first.importDataset.dataset.id,
      );
      expect(await get(live(), records)).toMatchObject({ dataset: { records: { nodes: [{ key: 'train-1' }] } } });
    });

    it('answers the same idempotency key with the first import', async () => {
      const input = { name: 'once', source: { records: stsRecords }, scaleHigh: 5, idempotencyKey: 'import-1' };
      const first = await importNow(live(), input);
      const second = await importNow(live(), input);
      expect(second.importDataset.dataset.id).toBe(first.importDataset.dataset.id);
      expect([first.importDataset.reused, second.importDataset.reused]).toEqual([false, false]);
      const other = await refused({ ...input, source: { records: stsRecords.slice(2) } });
      expect(other[0]).toBe('CONFLICT');
      const query = '{ jobs(filter: { idempotencyKey: "import-1" }) { totalCount nodes { id } } }';
      expect(await get(live(), query)).toEqual({
        jobs: { totalCount: 1, nodes: [{ id: first.importDataset.job.id }] },
      });
    });

    it('reads a path inside the import folder, and no other', async () => {
      const { importDir, dataDir } = live().config;
      await mkdir(importDir, { recursive: true });
      await writeFile(
        join(importDir, 'pairs.tsv'),
        'sentence1\tsentence2\tscore\na b\ta c\t2.5\nd e\tf g\t0\nh i\th i\t5\n',
      );
      await writeFile(join(dataDir, 'outside.jsonl'), '{}');
      await symlink(join(dataDir, 'outside.jsonl'), join(importDir, 'link.jsonl'));
      const input = { name: 'table', source: { path: 'pairs.tsv' }, importer: 'STS_TABLE', scaleHigh: 5 };
      const options = { devShare: 0, testShare: 0 };
      const { importDataset } = await importNow(live(), { ...input, options });
      expect(importDataset.dataset.splits[0]).toMatchObject({ split: 'TRAIN', records: 3 });
      for (const path of ['../outside.jsonl', 'link.jsonl', '/etc/passwd', '..']) {
        expect(await refused({ ...input, source: { path } })).toEqual(['BAD_USER_INPUT', 'input.source.path']);
      }
      expect(await refused({ ...input, source: { path: 'none' } })).toEqual(['NOT_FOUND', 'input.source.path']);
    });

    it.each([
      ['an empty name', { name: ' ' }, 'BAD_USER_INPUT'],
      ['no records', { source: { records: [] } }, 'BAD_USER_INPUT'],
      ['too many records', { source: { records: Array(121).fill(irRecords[0]) } }, 'LIMIT_EXCEEDED'],
      ['a scale upside down', { scaleLow: 1, scaleHigh: 0 }, 'BAD_USER_INPUT'],
      ['a parameter of another importer', { options: { randomNegatives: 3 } }, 'BAD_USER_INPUT'],
      ['a share above one half', { options: { devShare: 0.6 } }, 'BAD_USER_INPUT'],
      ['a seed that is none', { source: { sample: { task: 'IR', seed: -1 } } }, 'BAD_USER_INPUT'],
      [
        'splits in some records only',
        { source: { records: [irRecords[0], { ...irRecords[1], split: null }] } },
        'BAD_USER_INPUT',
      ],
      ['an empty idempotency key', { idempotencyKey: '' }, 'BAD_USER_INPUT'],
    ])('refuses %s', async (_what, change, code) => {
      const [found] = await refused({ name: 'bad', source: { records: irRecords }, ...change });
      expect(found).toBe(code);
    });

    it('refuses none and two sources, unknown enums, and NaN', async () => {
      for (const source of [{}, { path: 'a', records: [] }, { sample: { task: 'XX' } }]) {
        const query = 'mutation($input: ImportDatasetInput!) { importDataset(input: $input) { reused } }';
        const { extensions } = await refusal(live(), query, { input: { name: 'bad', source } });
        expect(extensions['code']).toBe('BAD_USER_INPUT');
      }
      const query =
        'mutation { importDataset(input: { name: "bad", source: { records: [] }, scaleHigh: NaN }) { reused } }';
      expect((await refusal(live(), query)).extensions['code']).toBe('BAD_USER_INPUT');
    });

    it('names every bad record, and keeps nothing of a refused import', async () => {
      const before = (await readdir(join(live().config.dataDir, 'objects', 'datasets'))).length;
      const bad = [
        stsRecords[0],
        { ...stsRecords[1], positives: [graded('x', 7)] },
        { ...stsRecords[2], query: plain('') },
        { ...stsRecords[4], positives: [] },
      ];
      const query = 'mutation($input: ImportDatasetInput!) { importDataset(input: $input) { reused } }';
      const input = { name: 'bad', source: { records: bad }, scaleHigh: 5 };
      const { extensions } = await refusal(live(), query, { input });
      expect(extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'input.source.records' });
      const problems = extensions['problems'] as readonly { readonly message: string }[];
      expect(problems.map(({ message }) => message.slice(0, 26))).toEqual(
        ['record 1 of split train: ', 'record 2 of split train: ', 'record 3 of split train: '].map((text) =>
          expect.stringContaining(text),
        ),
      );
      expect(await readdir(join(live().config.dataDir, 'objects', 'datasets'))).toHaveLength(before);
      // What the job was given is taken away after its answer.
      await vi.waitFor(async () => expect(await readdir(join(live().config.dataDir, 'tmp'))).toEqual([]), 10_000);
      expect(await get(live(), '{ datasets(filter: { name: "bad" }) { totalCount } }')).toEqual({
        datasets: { totalCount: 0 },
      });
    });
  });

  describe('data sets', () => {
    it('are paged, filtered and ordered', async () => {
      for (const [name, from] of [
        ['page b', 0],
        ['page a', 0],
        ['page b', 1],
        ['page c', 0],
      ] as const) {
        await importRecords(live(), name, stsRecords.slice(from), 5);
      }
      const query = `query($after: String) {
        datasets(
          first: 2, after: $after,
          orderBy: [{ field: NAME, direction: ASC }, { field: VERSION, direction: ASC }]
        ) {
          totalCount pageInfo { hasNextPage endCursor } nodes { name version }
        }
      }`;
      interface Names {
        readonly datasets: {
          totalCount: number;
          pageInfo: { hasNextPage: boolean; endCursor: string };
          nodes: object[];
        };
      }
      const names: object[] = [];
      const totals = new Set<number>();
      for (let after: string | null = null, more = true; more; ) {
        const { datasets }: Names = await get<Names>(live(), query, { after });
        names.push(...datasets.nodes);
        more = datasets.pageInfo.hasNextPage;
        after = datasets.pageInfo.endCursor;
        totals.add(datasets.totalCount);
      }
      expect([...totals]).toEqual([names.length]);
      const found = names.map((row) => Object.values(row).join(' '));
      const mine = /^(ir|page .|sts) /;
      expect(found.filter((name) => mine.test(name))).toEqual([
        ...['ir 1', 'page a 1', 'page b 1', 'page b 2', 'page c 1', 'sts 1'],
      ]);
      const filtered = '{ datasets(filter: { task: STS, name: "sts" }, first: 0) { totalCount nodes { id } } }';
      expect(await get(live(), filtered)).toEqual({ datasets: { totalCount: 1, nodes: [] } });
    });

    it('give records and documents page by page, at most a page at once', async () => {
      const query = `query($id: ID!, $first: Int, $after: String) {
        dataset(id: $id) {
          records(split: TRAIN, first: $first, after: $after) {
            totalCount nodes { key query { text } positives { score text { text } } } edges { cursor }
          }
          documents(split: TEST, first: 3) { totalCount nodes { key text { text } } }
        }
      }`;
      interface Records {
        readonly dataset: {
          records: { totalCount: number; nodes: { key: string }[]; edges: { cursor: string }[] };
          documents: { totalCount: number; nodes: object[] };
        };
      }
      const all = await get<Records>(live(), query, { id: live().made.ir, first: 1000 });
      expect(all.dataset.records.totalCount).toBe(18);
      expect(all.dataset.records.nodes[0]).toMatchObject({
        query: { text: 'why the pump leaks oil' },
        positives: [{ score: 1 }],
      });
      const after = all.dataset.records.edges[9]?.cursor;
      const rest = await get<Records>(live(), query, { id: live().made.ir, first: 3, after });
      expect(rest.dataset.records.nodes.map(({ key }) => key)).toEqual(
        all.dataset.records.nodes.slice(10, 13).map(({ key }) => key),
      );
      expect(all.dataset.documents).toMatchObject({ totalCount: 12 });
      expect(all.dataset.documents.nodes).toHaveLength(3);
    });

    it.each([
      ['first: -1', 'BAD_USER_INPUT'],
      ['after: "x"', 'BAD_USER_INPUT'],
      ['last: -1', 'BAD_USER_INPUT'],
      ['offset: -1', 'BAD_USER_INPUT'],
      ['last: 1, offset: 1', 'BAD_USER_INPUT'],
    ])('refuse the page %s', async (args, code) => {
      expect((await refusal(live(), `{ datasets(${args}) { totalCount } }`)).extensions['code']).toBe(code);
    });

    it('are found by id, or are said not to be there', async () => {
      const { made } = live();
      const query = 'query($id: ID!) { dataset(id: $id) { name } node(id: $id) { id __typename } }';
      expect(await get(live(), query, { id: made.ir })).toEqual({
        dataset: { name: 'ir' },
        node: { id: made.ir, __typename: 'Dataset' },
      });
      const gone = Buffer.from('Dataset:00000000-0000-4000-8000-000000000000').toString('base64url');
      const { extensions, path } = await refusal(live(), 'query($id: ID!) { dataset(id: $id) { name } }', { id: gone });
      expect([extensions['code'], path]).toEqual(['NOT_FOUND', ['dataset']]);
      for (const id of ['x', '', gone.slice(0, 20), Buffer.from('Run:1').toString('base64url')]) {
        const node = await refusal(live(), 'query($id: ID!) { node(id: $id) { id } }', { id });
        expect(node.extensions['code']).toBe('BAD_USER_INPUT');
        const dataset = await refusal(live(), 'query($id: ID!) { dataset(id: $id) { name } }', { id });
        expect(dataset.extensions['code']).toBe('BAD_USER_INPUT');
      }
    });
  });
}
