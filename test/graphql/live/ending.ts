/** Deleting what is in use and what is not, the system query, jobs, and a restart of the service. */
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createClient, RunEventsDocument } from '../../../src/client/index.ts';
import {
  architecture,
  checkpointsOf,
  createCollection,
  createModel,
  fuse,
  importRecords,
  irRecords,
  settings,
  startRun,
  stsRecords,
} from './fixture.ts';
import { eventsOf, get, inputRefusal, type Live, openStream, refusal, serve } from './harness.ts';

export function deleteSuite(live: () => Live): void {
  const remove = (what: string) => `mutation($id: ID!) { delete${what}(id: $id) { deletedId } }`;
  const conflict = async (what: string, id: string, users: string) => {
    const { extensions, message } = await refusal(live(), remove(what), { id });
    expect([extensions['code'], message]).toEqual(['CONFLICT', expect.stringContaining(users)]);
  };

  const kinds = ['datasets', 'models', 'states', 'units', 'segments'] as const;
  /** Rows and files of everything that can be deleted. */
  async function contents() {
    const objects = join(live().config.dataDir, 'objects');
    const filesOf = async (kind: string) => (existsSync(join(objects, kind)) ? readdir(join(objects, kind)) : []);
    const files = Object.fromEntries(
      await Promise.all(kinds.map(async (kind) => [kind, (await filesOf(kind)).sort()])),
    );
    const nouns = ['datasets', 'runs', 'models', 'checkpoints', 'evaluations', 'collections'];
    const counts = nouns.map((name) => `${name} { totalCount }`);
    return {
      rows: await get(live(), `{ ${counts.join(' ')} }`),
      files: files as Record<(typeof kinds)[number], string[]>,
    };
  }
  /** One of each, with weights and records that nothing else has. */
  async function makeEverything() {
    const dataset = await importRecords(live(), 'deleted', irRecords.toReversed());
    const spec = { name: 'tiny', seed: 7, vocabularyFrom: [dataset], vocabularySize: 200, maxLength: 24, architecture };
    const model = await createModel(live(), spec);
    const datasets = [{ dataset }, { dataset: live().made.sts }];
    const run = await startRun(live(), { model: model.id, datasets, settings });
    const checkpoints = await checkpointsOf(live(), run);
    const fused = await fuse(live(), checkpoints);
    const evaluate = 'mutation($input: EvaluateCheckpointInput!) { evaluateCheckpoint(input: $input) { __typename } }';
    for (const id of [model.checkpoint.id, ...checkpoints, fused]) {
      await get(live(), evaluate, { input: { checkpoint: { id }, datasets: [dataset, live().made.sts] } });
    }
    const collection = await createCollection(live(), { name: 'last', checkpoint: { id: checkpoints[1] } });
    const add = 'mutation($input: AddDocumentsInput!) { addDocuments(input: $input) { added } }';
    await get(live(), add, { input: { collection, documents: [{ key: 'd0', text: 'the pump leaks oil' }] } });
    const search = 'query($collection: ID!) { search(collection: $collection, query: "the pump") { searched } }';
    expect(await get(live(), search, { collection })).toEqual({ search: { searched: 1 } });
    return { dataset, model, run, checkpoints, fused, collection };
  }

  describe('deleting', () => {
    it('names the users of what is in use, goes from users to used, and takes the files along', async () => {
      const before = await contents();
      const { dataset, model, run, checkpoints, fused, collection } = await makeEverything();
      await conflict('Dataset', dataset, 'run "tiny joint"');
      await conflict('Model', model.id, 'run "tiny joint"');
      await conflict('Run', run, 'collection "last"');
      await conflict('Checkpoint', checkpoints[1] ?? '', 'collection "last"');
      await conflict('Checkpoint', checkpoints[0] ?? '', 'fused checkpoint');
      await conflict('Checkpoint', model.checkpoint.id, 'untrained weights of the model "tiny"');

      const during = await contents();
      for (const kind of kinds) expect(during.files[kind].length, kind).toBeGreaterThan(before.files[kind].length);
      await get(live(), remove('Collection'), { id: collection });
      await get(live(), remove('Checkpoint'), { id: fused });
      await get(live(), remove('Checkpoint'), { id: checkpoints[1] });
      await get(live(), remove('Run'), { id: run });
      await get(live(), remove('Model'), { id: model.id });
      await get(live(), remove('Dataset'), { id: dataset });
      expect(await contents()).toEqual(before);
    });

    it.each(['Dataset', 'Model', 'Run', 'Checkpoint', 'Collection', 'Evaluation'])(
      'says that a %s is gone',
      async (what) => {
        const id = Buffer.from(`${what}:00000000-0000-4000-8000-000000000000`).toString('base64url');
        expect((await refusal(live(), remove(what), { id })).extensions['code']).toBe('NOT_FOUND');
        expect((await refusal(live(), remove(what), { id: 'x' })).extensions['code']).toBe('BAD_USER_INPUT');
      },
    );
  });
}

export function systemSuite(live: () => Live): void {
  describe('the service', () => {
    it('tells what runs', async () => {
      const query = `{
        system { version pid softwareNotice adapter { software limits { name value } } database { kind version durability } dataFolder limits { name value } }
        devices { name backend features notice }
      }`;
      interface Told {
        readonly system: { readonly softwareNotice: string | null; readonly adapter: { readonly software: boolean } };
        readonly devices: readonly { readonly notice: string | null }[];
      }
      const told = await get<Told>(live(), query);
      expect(told).toMatchObject({
        system: {
          pid: process.pid,
          dataFolder: live().config.dataDir,
          database: { kind: 'PGLITE', durability: expect.any(String) },
        },
        devices: [{ name: expect.any(String) }],
      });
      expect(told.system.softwareNotice === null).toBe(!told.system.adapter.software);
      const [device] = told.devices;
      expect(told.system.softwareNotice ?? '').toContain(device?.notice ?? '');
    });

    it('lists its jobs, follows an ended one, and cancels none', async () => {
      interface Jobs {
        readonly jobs: { readonly totalCount: number; readonly nodes: readonly { id: string; lastSeq: number }[] };
      }
      const query =
        '{ jobs(filter: { kind: IMPORT_DATASET, state: FAILED }) { totalCount nodes { id lastSeq error { code message } } } }';
      const bad = { name: 'bad', source: { records: [{ ...stsRecords[0], positives: [] }] }, scaleHigh: 5 };
      await inputRefusal(live(), 'importDataset', 'ImportDatasetInput', bad);
      const { jobs } = await get<Jobs>(live(), query);
      expect(jobs.nodes[0]).toMatchObject({ error: { code: 'BAD_USER_INPUT' } });
      const { id, lastSeq } = jobs.nodes[0] ?? { id: '', lastSeq: 0 };
      const follow = 'subscription($id: ID!) { jobEvents(jobId: $id) { state kind } }';
      const event = 'event: next\ndata: {"data":{"jobEvents":{"state":"FAILED","kind":"IMPORT_DATASET"}}}\n\n';
      expect(await eventsOf(live(), follow, { id })).toBe(`id: ${lastSeq}\n${event}event: complete\ndata:\n\n`);
      const cancel = await refusal(live(), 'mutation($id: ID!) { cancelJob(id: $id) { id } }', { id });
      expect(cancel.extensions['code']).toBe('CONFLICT');
    });
  });
}

/** `replace` gives the other tests the service that came up again. */
export function restartSuite(live: () => Live, replace: (restarted: Live) => void): void {
  it('ends an open stream, stops listening, comes up again and resumes the run where it stopped', async () => {
    const { made, config } = live();
    const spec = { name: 'restarted', vocabularyFrom: [made.sts], vocabularySize: 200, maxLength: 24, architecture };
    const { id: model } = await createModel(live(), spec);
    const long = { model, datasets: [{ dataset: made.sts }], settings: { ...settings, epochs: 500 } };
    const id = await startRun(live(), long);
    await closeDuring(live(), id);
    const restarted: Live = { ...live(), ...(await serve(config)) };
    replace(restarted);

    const state = 'query($id: ID!) { run(id: $id) { state step lastSeq } }';
    const { run } = await get<{ run: { state: string; step: number; lastSeq: number } }>(restarted, state, { id });
    expect(run.state).toBe('INTERRUPTED');
    await get(restarted, 'mutation($id: ID!) { resumeRun(id: $id) { run { id attempt } } }', { id });
    const steps: number[] = [];
    const attempts: number[] = [];
    const client = createClient({ url: restarted.url });
    for await (const { runEvents: event } of client.subscribe(RunEventsDocument, { runId: id, after: run.lastSeq })) {
      if (event.__typename === 'RunStarted') attempts.push(event.attempt);
      if (event.__typename === 'RunStep') steps.push(event.step);
      if (steps.length === 2) break;
    }
    expect(attempts).toEqual([2]);
    expect(steps).toEqual([run.step + 1, run.step + 2]);
    await get(restarted, 'mutation($id: ID!) { cancelRun(id: $id) { run { state } } }', { id });
  });
}

/** Closes the service while a client follows this run: the stream ends, the address is gone, the port is free. */
async function closeDuring({ url, tandem, config }: Live, id: string): Promise<void> {
  const query = 'subscription($id: ID!) { runEvents(runId: $id) { __typename ... on RunStateChanged { state } } }';
  const stream = await openStream({ url }, query, { id });
  const reader = stream.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  const read = async (): Promise<boolean> => {
    const { value, done } = (await reader?.read().catch(() => undefined)) ?? { value: undefined, done: true };
    text += value ?? '';
    return !done;
  };
  while (!text.includes('RunStep') && (await read()));
  const closed = tandem.close({ graceMs: 10_000 });
  while (await read());
  await closed;
  expect(text).toContain('"state":"INTERRUPTED"');
  expect(existsSync(join(config.dataDir, 'server.json'))).toBe(false);
  await expect(fetch(`${url}/health`)).rejects.toThrow();
}
