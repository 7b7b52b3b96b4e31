/** Jobs: what they say, how they wait, are followed, stopped and deleted. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createCollection, stsRecords } from './fixture.ts';
import { type Answer, ask, eventsOf, get, inputRefusal, type Live, openStream, refusal } from './harness.ts';

interface Listed {
  readonly id: string;
  readonly state: string;
}

const importMutation = `mutation($input: ImportDatasetInput!) {
  importDataset(input: $input) { dataset { id } job { id lastSeq } }
}`;
interface Imported {
  readonly importDataset: { readonly dataset: { readonly id: string }; readonly job: { readonly id: string } };
}
const remove = 'mutation($id: ID!) { deleteJob(id: $id) { deletedId } }';
const cancel = 'mutation($id: ID!) { cancelJob(id: $id) { state error { reason } } }';

export function jobSuite(live: () => Live): void {
  const importOnce = async (name: string, idempotencyKey: string | null = null) => {
    const input = { name, source: { records: stsRecords }, scaleHigh: 5, idempotencyKey };
    return (await get<Imported>(live(), importMutation, { input })).importDataset;
  };
  const codeOf = async (mutation: string, id: string | undefined) =>
    (await refusal(live(), mutation, { id })).extensions['code'];

  describe('a job', () => {
    it('says what it works on, what it made, and who did it', async () => {
      const query = `mutation($ids: [ID!]!) {
        fuseCheckpoints(input: { checkpoints: $ids, method: UNIFORM_SOUP }) {
          checkpoint { id }
          job {
            id subject { __typename id } result { __typename id ... on Checkpoint { reason } } resultId lastSeq
            attempt deaths host waitsFor notBefore startedAt finishedAt stage done total
            attempts { number host outcome createdAt heartbeatAt endedAt }
          }
        }
      }`;
      interface Fused {
        readonly fuseCheckpoints: {
          readonly checkpoint: { readonly id: string };
          readonly job: { readonly id: string; readonly host: string; readonly total: number };
        };
      }
      const { model, checkpoints } = live().made;
      const { fuseCheckpoints } = await get<Fused>(live(), query, { ids: checkpoints });
      const { checkpoint, job } = fuseCheckpoints;
      const time = expect.stringMatching(/^\d{4}-.*Z$/);
      expect(job).toMatchObject({
        subject: { __typename: 'Model', id: model },
        result: { __typename: 'Checkpoint', id: checkpoint.id, reason: 'FUSED' },
        ...{ resultId: checkpoint.id, attempt: 1, deaths: 0, waitsFor: null, notBefore: null },
        // One or two events tell how far it was, by how long it took.
        lastSeq: expect.toSatisfy((seq: number) => seq === 4 || seq === 5),
        ...{ startedAt: time, finishedAt: time, stage: 'fuse', done: job.total, total: expect.any(Number) },
        host: expect.stringContaining(live().config.dataDir),
        attempts: [{ number: 1, host: job.host, outcome: 'SUCCEEDED', createdAt: time, heartbeatAt: time }],
      });
      // A tensor of the model each.
      expect(job.total).toBeGreaterThan(20);
      await get(live(), 'mutation($id: ID!) { deleteCheckpoint(id: $id) { deletedId } }', { id: checkpoint.id });
      const again = 'query($id: ID!) { job(id: $id) { result { id } resultId subject { id } } }';
      expect(await get(live(), again, { id: job.id })).toEqual({
        job: { result: null, resultId: checkpoint.id, subject: { id: model } },
      });
    });

    it('has no subject any more once that is deleted, and lists do without errors', async () => {
      const collection = await createCollection(live(), {
        name: 'gone',
        checkpoint: { id: live().made.checkpoints[1] },
      });
      const add = 'mutation($input: AddDocumentsInput!) { addDocuments(input: $input) { job { id subject { id } } } }';
      const input = { collection, documents: [{ key: 'd', text: 'the fan runs hot' }] };
      const { addDocuments } = await get<{ addDocuments: { job: { id: string } } }>(live(), add, { input });
      expect(addDocuments.job).toMatchObject({ subject: { id: collection } });
      await get(live(), 'mutation($id: ID!) { deleteCollection(id: $id) { deletedId } }', { id: collection });
      const list = `{ jobs(first: 20, filter: { kind: EMBED_COLLECTION }, orderBy: { field: CREATED_AT, direction: DESC }) {
        nodes { id subject { __typename } result { __typename } host attempts { number } }
      } }`;
      const { jobs } = await get<{ jobs: { nodes: Listed[] } }>(live(), list);
      expect(jobs.nodes[0]).toMatchObject({
        ...{ id: addDocuments.job.id, subject: null, result: null },
        attempts: [{ number: 1 }],
      });
    });

    it('of a run is of the kind TRAIN and goes with the run', async () => {
      const { run: id, checkpoints } = live().made;
      const query = `query($id: ID!) {
        run(id: $id) {
          job { id kind state subject { __typename id } result { id } lastSeq stage done total attempt }
          attempts { resumedFrom { id } }
        }
      }`;
      const { run } = await get<{ run: { job: Listed } }>(live(), query, { id });
      expect(run).toMatchObject({
        job: {
          ...{ kind: 'TRAIN', state: 'SUCCEEDED', subject: { __typename: 'Run', id }, result: { id: checkpoints[1] } },
          ...{ lastSeq: 14, stage: 'train', done: 6, total: 6, attempt: 1 },
        },
        attempts: [{ resumedFrom: null }],
      });
      const { message, extensions } = await refusal(live(), remove, { id: run.job.id });
      expect([message, extensions['code'], extensions['remedy']]).toEqual([
        'The job is the work of the run "fixture"',
        'CONFLICT',
        expect.stringContaining('deleteRun'),
      ]);
      expect(await codeOf(cancel, run.job.id)).toBe('CONFLICT');
    });
  });

  describe('deleteJob', () => {
    it('removes a job that has ended, leaves what it made, and frees its key', async () => {
      const { job, dataset } = await importOnce('job to delete', 'deleted-job');
      const other = { name: 'another name', source: { records: stsRecords }, scaleHigh: 5 };
      const input = { ...other, idempotencyKey: 'deleted-job' };
      expect((await inputRefusal(live(), 'importDataset', 'ImportDatasetInput', input))[0]).toBe('CONFLICT');
      expect(await get(live(), remove, { id: job.id })).toEqual({ deleteJob: { deletedId: job.id } });
      expect(await codeOf('query($id: ID!) { job(id: $id) { id } }', job.id)).toBe('NOT_FOUND');
      expect(await codeOf(remove, job.id)).toBe('NOT_FOUND');
      expect(await codeOf(remove, dataset.id)).toBe('BAD_USER_INPUT');
      const query = 'query($id: ID!) { dataset(id: $id) { id } }';
      expect(await get(live(), query, { id: dataset.id })).toEqual({ dataset: { id: dataset.id } });
      await get(live(), importMutation, { input });
    });
  });

  describe('jobEvents', () => {
    const query = `subscription($id: ID!, $after: Int64) {
      jobEvents(jobId: $id, after: $after) { lastSeq state attempt result { id } finishedAt }
    }`;
    const told = async (id: string, after?: number) => {
      const text = await eventsOf(live(), query, { id, after });
      return Array.from(text.matchAll(/^data: (.+)$/gm), ([, data]) => JSON.parse(data ?? '').data.jobEvents);
    };

    it('replays from the beginning and from the middle, and ends as the job is', async () => {
      const { job, dataset } = await importOnce('followed');
      const early = { result: null, finishedAt: null };
      const all = await told(job.id, 0);
      expect(all.filter(({ state }) => state === 'QUEUED')).toEqual([
        { lastSeq: 1, state: 'QUEUED', attempt: 0, ...early },
      ]);
      expect(all[1]).toEqual({ lastSeq: 2, state: 'RUNNING', attempt: 1, ...early });
      const last = { state: 'SUCCEEDED', attempt: 1, result: { id: dataset.id }, finishedAt: expect.any(String) };
      expect(all.at(-1)).toEqual({ lastSeq: all.length, ...last });
      expect(await told(job.id, 1)).toEqual(all.slice(1));
      expect(await told(job.id, all.length)).toEqual([]);
      expect(await told(job.id)).toEqual(all.slice(-1));
    });

    it('replays a run as a job', async () => {
      const { run } = await get<{ run: { job: Listed } }>(live(), 'query($id: ID!) { run(id: $id) { job { id } } }', {
        id: live().made.run,
      });
      const all = await told(run.job.id, 0);
      expect(all.map(({ lastSeq }) => lastSeq)).toEqual(Array.from({ length: 14 }, (_, i) => i + 1));
      expect(all.map(({ state }) => state)).toEqual(['QUEUED', ...Array(12).fill('RUNNING'), 'SUCCEEDED']);
    });

    it('refuses an event that is not yet', async () => {
      const { job } = await importOnce('not yet');
      for (const after of [-1, 99]) {
        const { errors } = await ask(live(), query, { id: job.id, after });
        expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'after' });
      }
    });
  });

  describe('imports that do not end', () => {
    const model = 'mutation($input: ImportModelInput!) { importModel(input: $input) { model { id } } }';
    const input = (i: number) => ({
      name: `stuck ${i}`,
      source: { hub: { repository: 'nobody/nothing', revision: 'main' } },
      idempotencyKey: `stuck-${i}`,
    });
    const list = `{ jobs(filter: { kind: IMPORT_MODEL }, orderBy: { field: STATE, direction: ASC }) {
      nodes { id state waitsFor attempt host startedAt attempts { number } }
    } }`;
    const listed = async () => (await get<{ jobs: { nodes: Listed[] } }>(live(), list)).jobs.nodes;
    const stateOf = async (id: string) =>
      (await get<{ job: Listed }>(live(), 'query($id: ID!) { job(id: $id) { id state } }', { id })).job.state;

    /** Five of them, of which four run at a time. */
    async function begin(): Promise<{ answers: Promise<Answer[]>; queued: Listed; running: Listed[] }> {
      const answers = Promise.all([0, 1, 2, 3, 4].map((i) => ask(live(), model, { input: input(i) })));
      for (let looks = 0; looks < 1_000; looks++) {
        const nodes = await listed();
        const running = nodes.filter(({ state }) => state === 'RUNNING');
        const queued = nodes.find(({ state }) => state === 'QUEUED');
        if (running.length === 4 && queued) return { answers, queued, running };
        await sleep(50);
      }
      throw new Error('the jobs did not begin');
    }

    it('wait, are followed, and end by cancelJob for every caller; then they can be deleted', async () => {
      const { answers, queued, running } = await begin();
      expect(queued).toMatchObject({
        waitsFor: 'It waits for its turn: a host works on 4 of its kind at a time.',
        ...{ attempt: 0, host: null, startedAt: null, attempts: [] },
      });
      expect(running[0]).toMatchObject({ waitsFor: null, attempt: 1, attempts: [{ number: 1 }] });
      for (const { id } of [queued, ...running]) expect(await codeOf(remove, id)).toBe('CONFLICT');

      const repeated = ask(live(), model, { input: input(0) });
      const follow = 'subscription($id: ID!) { jobEvents(jobId: $id) { state } }';
      const stream = (await openStream(live(), follow, { id: queued.id })).text();
      expect(await get(live(), cancel, { id: queued.id })).toEqual({
        cancelJob: { state: 'CANCELLED', error: { reason: 'cancelled' } },
      });
      expect(Array.from((await stream).matchAll(/"state":"(\w+)"/g), ([, state]) => state)).toEqual([
        'QUEUED',
        'CANCELLED',
      ]);
      for (const { id } of running) {
        expect(await get(live(), cancel, { id })).toMatchObject({ cancelJob: { state: 'CANCELLED' } });
        expect(await codeOf(cancel, id)).toBe('CONFLICT');
      }
      for (const { errors } of [...(await answers), await repeated]) {
        expect(errors?.[0]?.extensions).toMatchObject({ code: 'CONFLICT', reason: 'cancelled' });
      }
      for (const { id } of [queued, ...running]) {
        expect(await stateOf(id)).toBe('CANCELLED');
        await get(live(), remove, { id });
      }
      expect(await listed()).toEqual([]);
    });
  });
}
