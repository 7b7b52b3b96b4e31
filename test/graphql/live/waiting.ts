/** Mutations that do not wait: their jobs at once, and what the jobs made by `answer`. */
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createClient, JobEventsDocument } from '../../../src/client/index.ts';
import { architecture, createCollection, fuse, importRecords, irRecords, stsRecords } from './fixture.ts';
import { get, type Live, refusal } from './harness.ts';

interface Job {
  readonly id: string;
  readonly state: string;
  readonly kind: string;
}

/** A mutation, its fields, and the payload that `answer` is. */
interface Case {
  readonly mutation: string;
  readonly input: object;
  readonly fields: readonly string[];
  readonly payload?: string;
}

type Made = Readonly<Record<string, unknown>>;

export function waitingSuite(live: () => Live): void {
  const typed = (name: string) => `${name.charAt(0).toUpperCase()}${name.slice(1)}`;

  /** Asks and does not wait: the jobs. Nothing that they make is in the answer. */
  async function begin({ mutation, input, fields }: Case): Promise<readonly Job[]> {
    const query = `mutation ($input: ${typed(mutation)}Input!) {
      ${mutation}(input: $input, wait: false) { jobs { id state kind } ${fields.join(' ')} }
    }`;
    const answered = (await get<Record<string, { jobs: Job[] }>>(live(), query, { input }))[mutation]!;
    const { jobs, ...made } = answered;
    expect(made).toEqual(Object.fromEntries(fields.map((field) => [field.split(' ')[0], null])));
    return jobs;
  }

  /** What the jobs answer once they have ended. */
  const answersOf = (jobs: readonly Job[], { mutation, fields, payload = `${typed(mutation)}Payload` }: Case) =>
    Promise.all(
      jobs.map(async ({ id }) => {
        for await (const _event of createClient({ url: live().url }).subscribe(JobEventsDocument, { jobId: id }));
        const query = `query ($id: ID!) {
          job(id: $id) { state resultId answer { __typename ... on ${payload} { jobs { id } ${fields} } } }
        }`;
        const { job } = await get<{ job: { state: string; resultId: string; answer: Made } }>(live(), query, { id });
        expect(job).toMatchObject({ state: 'SUCCEEDED', answer: { __typename: payload, jobs: [{ id }] } });
        return Object.assign(job.answer, { resultId: job.resultId });
      }),
    );
  const have = async (asked: Case): Promise<Made & { readonly resultId: string }> =>
    (await answersOf(await begin(asked), asked))[0]!;

  describe('a mutation that does not wait', () => {
    it('answers with its job, whose answer is what the mutation gives that waits', async () => {
      const { ir, model, checkpoints } = live().made;
      const named = (id: string, more: object = {}) => ({ id, ...more });
      const source = { records: irRecords };
      const imported = await have({
        ...{ mutation: 'importDataset', fields: ['reused', 'dataset { id name }'] },
        input: { name: 'unwaited', source },
      });
      expect(imported).toMatchObject({ reused: false, dataset: named(imported.resultId, { name: 'unwaited' }) });

      const size = { vocabularySize: 200, maxLength: 24, architecture };
      const created = await have({
        ...{ mutation: 'createModel', fields: ['model { id name }'] },
        input: { name: 'unwaited', vocabularyFrom: [ir], ...size },
      });
      expect(created).toMatchObject({ model: named(created.resultId, { name: 'unwaited' }) });

      const derived = await have({
        ...{ mutation: 'deriveModel', fields: ['model { id pooling }'] },
        input: { name: 'derived', model, pooling: ['CLS'] },
      });
      expect(derived).toMatchObject({ model: named(derived.resultId, { pooling: ['CLS'] }) });

      const fused = await have({
        ...{ mutation: 'fuseCheckpoints', fields: ['checkpoint { id reason }'] },
        input: { checkpoints, method: 'UNIFORM_SOUP' },
      });
      expect(fused).toMatchObject({ checkpoint: named(fused.resultId, { reason: 'FUSED' }) });

      const exported = await have({
        ...{ mutation: 'exportCheckpoint', fields: ['path', 'files', 'bytes', 'checkpoint { id }'] },
        input: { checkpoint: { id: fused.resultId }, folder: 'unwaited' },
      });
      const { path } = exported as unknown as { path: string };
      expect(exported).toMatchObject({ checkpoint: named(fused.resultId), bytes: expect.any(Number) });
      expect(exported['files']).toContain('model.safetensors');
      expect(path).toBe(join(live().config.dataDir, 'export', 'unwaited'));

      await cp(path, join(live().config.importDir, 'unwaited'), { recursive: true });
      const taken = await have({
        ...{ mutation: 'importModel', fields: ['warnings', 'model { id name }'] },
        input: { name: 'taken', source: { folder: 'unwaited' } },
      });
      expect(taken).toMatchObject({ warnings: [], model: named(taken.resultId, { name: 'taken' }) });
    });

    it('has all its jobs, one for each data set', async () => {
      const datasets = [
        await importRecords(live(), 'two a', irRecords),
        await importRecords(live(), 'two b', stsRecords, 5),
      ];
      const checkpoint = { id: await fuse(live(), live().made.checkpoints) };
      const fields = ['evaluations { id dataset { id } }'];
      for (const [mutation, input] of [
        ['evaluateCheckpoint', { checkpoint, datasets }],
        ['evaluateBagOfWords', { datasets }],
      ] as const) {
        const asked = { mutation, input, fields, payload: 'EvaluatePayload' };
        const jobs = await begin(asked);
        expect(jobs).toHaveLength(2);
        const found = await answersOf(jobs, asked);
        const expected = found.map(({ resultId }, i) => [{ id: resultId, dataset: { id: datasets[i] } }]);
        expect(found.map(({ evaluations }) => evaluations)).toEqual(expected);
      }
      const create = 'mutation ($input: CreateSuiteInput!) { createSuite(input: $input) { suite { id } } }';
      const input = { name: 'unwaited', entries: datasets.map((dataset) => ({ dataset })) };
      const { createSuite } = await get<{ createSuite: { suite: { id: string } } }>(live(), create, { input });
      const suite = createSuite.suite.id;
      const { result } = await have({
        ...{ mutation: 'evaluateSuite', input: { suite, checkpoint }, fields: ['result { mean { value } }'] },
      });
      expect(result).toEqual({ mean: { value: expect.any(Number) } });
    });

    it('is one with the call that waits, under a key', async () => {
      const collection = await createCollection(live(), {
        ...{ name: 'unwaited', checkpoint: { id: live().made.checkpoints[1] } },
      });
      const documents = [{ key: 'a', text: 'the fan runs hot' }];
      const input = { collection, documents, idempotencyKey: 'unwaited' };
      const fields = ['added', 'replaced', 'report { tokens checkpoint { id } }', 'collection { id name }'];
      const asked = { mutation: 'addDocuments', input, fields };
      const [job] = await begin(asked);
      const waits = `mutation ($input: AddDocumentsInput!) { addDocuments(input: $input) { jobs { id } ${fields.join(' ')} } }`;
      const { addDocuments } = await get<{ addDocuments: { jobs: Job[] } }>(live(), waits, { input });
      expect(addDocuments).toMatchObject({ added: 1, jobs: [{ id: job!.id }], collection: { name: 'unwaited' } });
      expect(await begin(asked)).toEqual([{ ...job, state: 'SUCCEEDED' }]);
      const log = '{ auditEntries(filter: { mutation: "addDocuments" }, first: 3) { nodes { touched } } }';
      const { auditEntries } = await get<{ auditEntries: { nodes: { touched: string[] }[] } }>(live(), log);
      expect(auditEntries.nodes).toHaveLength(3);
      for (const { touched } of auditEntries.nodes)
        expect(touched).toEqual(expect.arrayContaining([collection, job!.id]));
      expect((await answersOf([job!], asked))[0]).toMatchObject(addDocuments);

      await get(live(), 'mutation ($id: ID!) { deleteCollection(id: $id) { deletedId } }', { id: collection });
      const gone = await get(live(), 'query ($id: ID!) { job(id: $id) { state answer { __typename } } }', {
        id: job!.id,
      });
      expect(gone).toEqual({ job: { state: 'SUCCEEDED', answer: null } });
    });

    it('tells by its job how the work failed, and refuses at once what cannot be asked for', async () => {
      // Grades up to 5 where those up to 1 are expected.
      const source = { records: stsRecords };
      const [job] = await begin({
        ...{ mutation: 'importDataset', fields: ['dataset { id }'], input: { name: 'refused', source } },
      });
      for await (const _event of createClient({ url: live().url }).subscribe(JobEventsDocument, { jobId: job!.id }));
      const query = 'query ($id: ID!) { job(id: $id) { state error { code } answer { __typename } } }';
      expect(await get(live(), query, { id: job!.id })).toEqual({
        job: { state: 'FAILED', error: { code: 'BAD_USER_INPUT' }, answer: null },
      });
      const mutation = `mutation { importDataset(wait: false, input: { name: "x", source: { path: "none" } }) { jobs { id } } }`;
      expect((await refusal(live(), mutation)).extensions).toMatchObject({
        code: 'NOT_FOUND',
        field: 'input.source.path',
      });
    });
  });
}
