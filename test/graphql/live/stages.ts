/** Runs from checkpoints and in stages, by the API. */
import { describe, expect, it } from 'vitest';
import { createClient, RunEventsDocument } from '../../../src/client/index.ts';
import { asDev, importRecords, irRecords, settings, startRun } from './fixture.ts';
import { get, inputRefusal, type Live, refusal } from './harness.ts';

interface Shown {
  readonly id: string;
  readonly checkpoints: { readonly nodes: readonly { readonly id: string }[] };
}

const shown = `id name state error { code reason message }
  model { id }
  settings { optimizerState }
  job { waitsFor }
  start { checkpoint { id } after { id } from }
  checkpoints { nodes { id step digest resumable parent { id } model { id } run { id } } }`;

export function stageSuite(live: () => Live): void {
  const of = (...names: readonly ('ir' | 'sts')[]) => names.map((name) => ({ dataset: live().made[name] }));
  const show = async (id: string) =>
    (await get<{ run: Shown }>(live(), `query($id: ID!) { run(id: $id) { ${shown} } }`, { id })).run;
  const refused = (input: object) => inputRefusal(live(), 'startRun', 'StartRunInput', input);
  const start = async (input: object) => {
    const mutation = 'mutation($input: StartRunInput!) { startRun(input: $input) { run { id } runs { id } } }';
    interface Started {
      readonly startRun: { readonly run: { readonly id: string }; readonly runs: readonly { readonly id: string }[] };
    }
    const { run, runs } = (await get<Started>(live(), mutation, { input })).startRun;
    expect(runs[0]).toEqual(run);
    return runs.map(({ id }) => id);
  };
  const ended = async (runId: string) => {
    for await (const { runEvents: event } of createClient({ url: live().url }).subscribe(RunEventsDocument, { runId }))
      if (event.__typename === 'RunEnded') return event.state;
  };
  const removeCheckpoint = (id: string) =>
    get(live(), 'mutation($id: ID!) { deleteCheckpoint(id: $id) { deletedId } }', { id });
  const remove = (id: string) => get(live(), 'mutation($id: ID!) { deleteRun(id: $id) { deletedId } }', { id });

  /** Of three stages, the last checkpoint of each. */
  async function fusesFromBases({ first, second, third }: Readonly<Record<'first' | 'second' | 'third', string>>) {
    const fuse = `mutation($input: FuseCheckpointsInput!) {
      fuseCheckpoints(input: $input) {
        checkpoint { id digest parent { id } model { id } fusion { base { id } checkpoints { id } } }
      }
    }`;
    interface Fused {
      readonly fuseCheckpoints: {
        readonly checkpoint: { readonly id: string; readonly digest: string; readonly fusion: object };
      };
    }
    const fused = async (input: object) =>
      (await get<Fused>(live(), fuse, { input: { method: 'DELTA_GUIDED', ...input } })).fuseCheckpoints.checkpoint;
    const { made } = live();
    const [untrained] = made.checkpoints;
    const checkpoints = [second, third];
    const fromRoot = await fused({ checkpoints });
    const fromFirst = await fused({ checkpoints, base: { id: first } });
    expect(fromFirst).toMatchObject({
      ...{ parent: null, model: { id: made.model } },
      fusion: { base: { id: first }, checkpoints: checkpoints.map((id) => ({ id })) },
    });
    expect(fromFirst.digest).not.toBe(fromRoot.digest);
    const fromModel = await fused({ checkpoints, base: { id: made.model } });
    expect(fromModel.digest).toBe(fromRoot.digest);
    // Checkpoint 0 of any run from the model is the model's folder.
    const fromZero = await fused({ checkpoints, base: { id: untrained } });
    expect(fromZero).toMatchObject({ digest: fromRoot.digest, fusion: fromRoot.fusion });
    // What was fused of descendants descends from the base, too.
    await fused({ checkpoints: [fromRoot.id, third], base: { id: first } }).then(({ id }) => removeCheckpoint(id));
    const refusedBase = (input: object) => inputRefusal(live(), 'fuseCheckpoints', 'FuseCheckpointsInput', input);
    const method = 'DELTA_GUIDED';
    expect(await refusedBase({ method, checkpoints: [first, third], base: { id: second } })).toEqual([
      ...['BAD_USER_INPUT', 'input.checkpoints.0'],
    ]);
    expect(await refusedBase({ method, checkpoints, base: { id: made.checkpoints[1] } })).toEqual([
      ...['BAD_USER_INPUT', 'input.checkpoints.0'],
    ]);
    for (const { id } of [fromFirst, fromModel, fromZero, fromRoot]) await removeCheckpoint(id);
  }

  describe('a run from a checkpoint', () => {
    it('descends from the same model, and has the checkpoint as the parent of all of its own', async () => {
      const { model, checkpoints } = live().made;
      const [, from] = checkpoints as [string, string];
      const id = await startRun(live(), {
        ...{ checkpoint: { id: from }, datasets: of('sts') },
        settings: { ...settings, optimizerState: 'KEPT' },
      });
      expect(await ended(id)).toBe('SUCCEEDED');
      const run = await show(id);
      const parent = { parent: { id: from }, model: { id: model }, run: { id } };
      expect(run).toMatchObject({
        ...{ name: 'tiny sts', model: { id: model }, settings: { optimizerState: 'KEPT' } },
        start: { checkpoint: { id: from }, after: null, from: null },
        checkpoints: {
          nodes: [
            { step: 0, ...parent },
            { step: 3, ...parent },
          ],
        },
      });
      const start = 'query($id: ID!) { checkpoint(by: { id: $id }) { digest parent { id parent { id } } } }';
      const { checkpoint } = await get<{ checkpoint: { digest: string } }>(live(), start, { id: from });
      expect(run.checkpoints.nodes[0]).toMatchObject({ digest: checkpoint.digest });
      expect(checkpoint).toMatchObject({ parent: { id: expect.any(String), parent: null } });

      const conflict = await refusal(live(), 'mutation($id: ID!) { deleteCheckpoint(id: $id) { deletedId } }', {
        id: from,
      });
      expect(conflict).toMatchObject({ extensions: { code: 'CONFLICT' } });
      expect(conflict.message).toContain('run "tiny sts"');
      await remove(id);
    });

    it('that is the one of a model starts from the model', async () => {
      const { model } = live().made;
      const id = await startRun(live(), { checkpoint: { id: model }, datasets: of('sts'), settings });
      expect(await ended(id)).toBe('SUCCEEDED');
      const { start, checkpoints } = (await show(id)) as Shown & { start: { checkpoint: { id: string } } };
      expect(checkpoints.nodes[0]).toMatchObject({ parent: { id: start.checkpoint.id } });
      await remove(id);
    });

    it('is refused with a model beside it, without either, and with a state that it has not', async () => {
      const { model, checkpoints } = live().made;
      const [first] = checkpoints as [string];
      const rest = { datasets: of('sts'), settings };
      const kept = { ...settings, optimizerState: 'KEPT' };
      const nothing = ['BAD_USER_INPUT', 'input.checkpoint'];
      expect(await refused(rest)).toEqual(nothing);
      expect(await refused({ ...rest, model, checkpoint: { id: first } })).toEqual(nothing);
      const noState = ['BAD_USER_INPUT', 'input.settings.optimizerState'];
      expect(await refused({ ...rest, model, settings: kept })).toEqual(noState);
      expect(await refused({ ...rest, checkpoint: { alias: 'nobody' } })).toEqual([
        ...['NOT_FOUND', 'input.checkpoint.alias'],
      ]);
    });
  });

  describe('an optimizer state of other trained parameters', () => {
    const frozen = { ...settings.optimizer, groups: [{ parameters: 'embeddings.*', frozen: true }] };
    const kept = { ...settings, optimizer: frozen, optimizerState: 'KEPT' };

    it('is refused with the request, also for a stage', async () => {
      const { model, checkpoints } = live().made;
      const field = 'settings.optimizerState';
      const from = { checkpoint: { id: checkpoints[1] }, datasets: of('sts') };
      expect(await refused({ ...from, settings: kept })).toEqual(['BAD_USER_INPUT', `input.${field}`]);
      const stages = [{ datasets: of('sts'), settings: kept }];
      expect(await refused({ model, datasets: of('ir'), settings, stages })).toEqual([
        ...['BAD_USER_INPUT', `input.stages.0.${field}`],
      ]);
    });

    it('is taken from checkpoint 0, which nothing has trained, and with the same parameters', async () => {
      const [first, second] = (await start({
        ...{ checkpoint: { id: live().made.checkpoints[0] }, datasets: of('sts'), settings: kept },
        stages: [{ datasets: of('sts'), settings: kept }],
      })) as [string, string];
      expect(await ended(second)).toBe('SUCCEEDED');
      for (const id of [second, first]) await remove(id);
    });
  });

  describe('stages', () => {
    const stages = () => [
      { datasets: of('sts'), settings: { ...settings, optimizerState: 'KEPT' } },
      { name: 'at last', datasets: of('ir', 'sts'), settings: { ...settings, seed: 5 } },
    ];

    it('are made at once and run one after the other, once per idempotency key', async () => {
      const { model } = live().made;
      const input = { model, datasets: of('ir'), settings, stages: stages(), idempotencyKey: 'stages-1' };
      const ids = await start(input);
      expect(ids).toHaveLength(3);
      const [first, second, third] = ids as [string, string, string];
      expect(await start(input)).toEqual(ids);
      const other = { ...input, stages: stages().slice(1) };
      expect(await refused(other)).toEqual(['CONFLICT', 'input.idempotencyKey']);
      expect(await ended(third)).toBe('SUCCEEDED');
      expect(await start(input)).toEqual(ids);
      const [one, two, three] = await Promise.all([show(first), show(second), show(third)]);
      const last = (run: Shown) => ({ id: run.checkpoints.nodes.at(-1)!.id });
      expect(one).toMatchObject({ name: 'tiny ir', start: { after: null, from: null } });
      expect(two).toMatchObject({
        name: 'tiny sts, stage 2',
        start: { checkpoint: last(one), after: { id: first }, from: 'LAST' },
      });
      expect(three).toMatchObject({
        ...{ name: 'at last', model: { id: model } },
        start: { checkpoint: last(two), after: { id: second }, from: 'LAST' },
      });
      await fusesFromBases({ first: last(one).id, second: last(two).id, third: last(three).id });
      const inUse = await refusal(live(), 'mutation($id: ID!) { deleteRun(id: $id) { deletedId } }', { id: second });
      expect(inUse.message).toContain('run "at last"');
      for (const id of [third, second, first]) await remove(id);
    });

    it('start from the best checkpoint on the dev sets, where they say so', async () => {
      const { model } = live().made;
      const dataset = await importRecords(live(), 'dev of stages', asDev(irRecords));
      const [first, second] = (await start({
        ...{ model, datasets: of('ir'), devSets: [{ dataset }], settings },
        stages: [{ datasets: of('sts'), settings, from: 'BEST' }],
      })) as [string, string];
      expect(await ended(second)).toBe('SUCCEEDED');
      const query = 'query($id: ID!) { run(id: $id) { bestCheckpoint { id } } }';
      const { run } = await get<{ run: { bestCheckpoint: { id: string } } }>(live(), query, { id: first });
      expect(await show(second)).toMatchObject({ start: { checkpoint: run.bestCheckpoint, from: 'BEST' } });
      for (const id of [second, first]) await remove(id);
    });

    it('say what they wait for, and are CANCELLED, with the cause, with the run before them', async () => {
      const { model } = live().made;
      const long = { ...settings, epochs: 500 };
      const [first, second, third] = (await start({
        ...{ model, datasets: of('ir'), settings: long, stages: stages() },
      })) as [string, string, string];
      expect(await show(second)).toMatchObject({
        ...{ state: 'QUEUED', job: { waitsFor: expect.stringMatching(/^It waits until job \S+ has SUCCEEDED\.$/) } },
        start: { checkpoint: null, after: { id: first }, from: 'LAST' },
      });
      const cancel = 'mutation($id: ID!) { cancelRun(id: $id) { run { state } } }';
      expect(await get(live(), cancel, { id: first })).toEqual({ cancelRun: { run: { state: 'CANCELLED' } } });
      expect(await ended(third)).toBe('CANCELLED');
      const error = { code: 'CONFLICT', reason: 'earlier-job', message: expect.stringContaining('is CANCELLED') };
      expect(await show(second)).toMatchObject({ state: 'CANCELLED', error });
      for (const id of [third, second, first]) await remove(id);
    });

    it('are planned with the run, and refused before anything starts, by their own fields', async () => {
      const { model, ir } = live().made;
      const query = `query($input: StartRunInput!) {
        planRun(input: $input) { steps stages { steps datasets { dataset { name } } stages { steps } } }
      }`;
      const input = { model, datasets: of('ir'), settings, stages: stages() };
      expect(await get(live(), query, { input })).toEqual({
        planRun: {
          steps: 3,
          stages: [
            { steps: 3, datasets: [{ dataset: { name: 'sts' } }], stages: [] },
            { steps: 6, datasets: [{ dataset: { name: 'ir' } }, { dataset: { name: 'sts' } }], stages: [] },
          ],
        },
      });
      const count = '{ runs { totalCount } }';
      const before = await get(live(), count);
      const withStage = (stage: object) => ({ ...input, stages: [stages()[1], stage] });
      const long = { datasets: of('sts'), settings: { ...settings, maxLength: 25 } };
      expect(await refused(withStage(long))).toEqual(['BAD_USER_INPUT', 'input.stages.1.settings.maxLength']);
      expect(await refused(withStage({ datasets: [], settings }))).toEqual([
        ...['BAD_USER_INPUT', 'input.stages.1.datasets'],
      ]);
      const best = { ...stages()[0], from: 'BEST' };
      expect(await refused(withStage(best))).toEqual(['BAD_USER_INPUT', 'input.stages.1.from']);
      const small = { datasets: [{ dataset: ir }], settings: { ...settings, irBatchSize: 19 } };
      expect(await refused(withStage(small))).toEqual(['BAD_USER_INPUT', 'input.stages.1.datasets.0.dataset']);
      expect(await refused({ ...input, stages: Array(17).fill(stages()[0]) })).toEqual([
        ...['LIMIT_EXCEEDED', 'input.stages'],
      ]);
      expect(await get(live(), count)).toEqual(before);
    });
  });
}
