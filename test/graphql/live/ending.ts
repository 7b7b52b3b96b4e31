/** Deleting what is in use and what is not, the system query, jobs, and the end of the service. */
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createClient, RunEventsDocument } from '../../../src/client/index.ts';
import { createLogger } from '../../../src/log.ts';
import { startTandem } from '../../../src/main.ts';
import { get, headers, type Live, refusal } from './harness.ts';

export function deleteSuite(live: () => Live): void {
  const remove = (what: string) => `mutation($id: ID!) { delete${what}(id: $id) { deletedId } }`;
  const conflict = async (what: string, id: string, users: string) => {
    const { extensions, message } = await refusal(live(), remove(what), { id });
    expect([extensions['code'], message]).toEqual(['CONFLICT', expect.stringContaining(users)]);
  };

  describe('deleting', () => {
    it('names the users of what is in use', async () => {
      const { ir, model, run, checkpoints } = live().made;
      await conflict('Dataset', ir, 'run "tiny joint"');
      await conflict('Model', model, 'run "tiny joint"');
      await conflict('Run', run, 'collection "notes"');
      await conflict('Checkpoint', checkpoints[1] ?? '', 'collection "notes"');
      await conflict('Checkpoint', checkpoints[0] ?? '', 'fused checkpoint');
      const query = 'query($id: ID!) { model(id: $id) { checkpoint { id } } }';
      const { model: found } = await get<{ model: { checkpoint: { id: string } } }>(live(), query, { id: model });
      await conflict('Checkpoint', found.checkpoint.id, 'untrained weights of the model "tiny"');
    });

    it('goes from users to used, and takes the files along', async () => {
      const { ir, model, run, fused, collection, checkpoints } = live().made;
      const objects = join(live().config.dataDir, 'objects');
      const filesOf = async (kind: string) => (existsSync(join(objects, kind)) ? readdir(join(objects, kind)) : []);
      await get(live(), remove('Collection'), { id: collection });
      await get(live(), remove('Checkpoint'), { id: fused });
      await get(live(), remove('Checkpoint'), { id: checkpoints[1] });
      await get(live(), remove('Run'), { id: run });
      await get(live(), remove('Model'), { id: model });
      await get(live(), remove('Dataset'), { id: ir });
      expect(await filesOf('models')).toEqual([]);
      expect(await filesOf('states')).toEqual([]);
      expect(await filesOf('segments')).toEqual([]);
      const rest =
        '{ runs { totalCount } models { totalCount } checkpoints { totalCount } collections { totalCount } }';
      const none = { totalCount: 0 };
      expect(await get(live(), rest)).toEqual({ runs: none, models: none, checkpoints: none, collections: none });
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
        devices { name backend features }
      }`;
      interface Told {
        readonly system: { readonly softwareNotice: string | null; readonly adapter: { readonly software: boolean } };
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
    });

    it('lists its jobs, follows an ended one, and cancels none', async () => {
      interface Jobs {
        readonly jobs: { readonly totalCount: number; readonly nodes: readonly { readonly id: string }[] };
      }
      const query =
        '{ jobs(filter: { kind: IMPORT_DATASET, state: FAILED }) { totalCount nodes { id error { code message } } } }';
      const { jobs } = await get<Jobs>(live(), query);
      expect(jobs.nodes[0]).toMatchObject({ error: { code: 'BAD_USER_INPUT' } });
      const id = jobs.nodes[0]?.id;
      const follow = 'subscription($id: ID!) { jobEvents(jobId: $id) { state kind } }';
      const body = JSON.stringify({ query: follow, variables: { id } });
      const response = await fetch(`${live().url}/graphql`, {
        method: 'POST',
        headers: { ...headers, accept: 'text/event-stream' },
        body,
      });
      const event = 'event: next\ndata: {"data":{"jobEvents":{"state":"FAILED","kind":"IMPORT_DATASET"}}}\n\n';
      expect((await response.text()).replaceAll(/^:\n\n/gm, '')).toBe(`${event}event: complete\ndata:\n\n`);
      const cancel = await refusal(live(), 'mutation($id: ID!) { cancelJob(id: $id) { id } }', { id });
      expect(cancel.extensions['code']).toBe('CONFLICT');
    });
  });
}

export function closingSuite(live: () => Live): void {
  it('ends an open stream, takes its address away and stops listening', async () => {
    const { made, url, tandem, config } = live();
    const create = 'mutation($input: CreateModelInput!) { createModel(input: $input) { model { id } } }';
    const architecture = { layers: 1, width: 8, heads: 1, innerWidth: 8, maxPositions: 24 };
    const spec = { name: 'last', vocabularyFrom: [made.sts], vocabularySize: 200, maxLength: 24, architecture };
    const { createModel } = await get<{ createModel: { model: { id: string } } }>(live(), create, { input: spec });
    const start = 'mutation($input: StartRunInput!) { startRun(input: $input) { run { id } } }';
    const settings = { epochs: 500, irBatchSize: 6, stsBatchSize: 6, positives: 1, negatives: 1, maxLength: 24 };
    const input = { model: createModel.model.id, datasets: [{ dataset: made.sts }], settings };
    const { startRun } = await get<{ startRun: { run: { id: string } } }>(live(), start, { input });
    const query = 'subscription($id: ID!) { runEvents(runId: $id) { __typename ... on RunStateChanged { state } } }';
    const body = JSON.stringify({ query, variables: { id: startRun.run.id } });
    const stream = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { ...headers, accept: 'text/event-stream' },
      body,
    });
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
    live().made.run = startRun.run.id;
  });

  it('comes up again and resumes the run where it stopped', async () => {
    const { made, config } = live();
    const tandem = await startTandem(config, { logger: createLogger('test', 'silent') });
    try {
      const again: Live = { ...live(), tandem, url: tandem.url };
      const state = 'query($id: ID!) { run(id: $id) { state step lastSeq } }';
      const { run } = await get<{ run: { state: string; step: number; lastSeq: number } }>(again, state, {
        id: made.run,
      });
      expect(run.state).toBe('INTERRUPTED');
      const resume = 'mutation($id: ID!) { resumeRun(id: $id) { run { id attempt } } }';
      await get(again, resume, { id: made.run });
      const steps: number[] = [];
      const attempts: number[] = [];
      const events = createClient({ url: tandem.url }).subscribe(RunEventsDocument, {
        runId: made.run,
        after: run.lastSeq,
      });
      for await (const { runEvents: event } of events) {
        if (event.__typename === 'RunStarted') attempts.push(event.attempt);
        if (event.__typename === 'RunStep') steps.push(event.step);
        if (steps.length === 2) break;
      }
      expect(attempts).toEqual([2]);
      expect(steps).toEqual([run.step + 1, run.step + 2]);
      await get(again, 'mutation($id: ID!) { cancelRun(id: $id) { run { state } } }', { id: made.run });
    } finally {
      await tandem.close();
    }
  });
}
