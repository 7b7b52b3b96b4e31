/** Models, plans, runs, their events to the letter. */
import { describe, expect, it } from 'vitest';
import { createClient, RunEventsDocument } from '../../../src/client/index.ts';
import { architecture, settings, startRun } from './fixture.ts';
import { ask, eventsOf, get, inputRefusal, type Live, refusal } from './harness.ts';

const unknown = (type: string): string =>
  Buffer.from(`${type}:00000000-0000-4000-8000-000000000000`).toString('base64url');

export function modelSuite(live: () => Live): void {
  const input = () => {
    const { ir, sts } = live().made;
    return { name: 'another', vocabularyFrom: [ir, sts], vocabularySize: 200, maxLength: 24, architecture };
  };

  describe('createModel', () => {
    it('makes a model with its untrained checkpoint', async () => {
      const query = `mutation($input: CreateModelInput!) {
        createModel(input: $input) {
          job { state kind }
          model {
            id name family dimension layers parameters pooling includePrompt templates { query passage }
            architecture { heads maxPositions } seed
            checkpoint { id reason step run { id } model { name } resumable }
          }
        }
      }`;
      const { createModel } = await get(live(), query, { input: input() });
      expect(createModel).toMatchObject({
        job: { state: 'SUCCEEDED', kind: 'CREATE_MODEL' },
        model: {
          ...{
            name: 'another',
            family: 'BERT',
            dimension: 16,
            layers: 1,
            pooling: ['MEAN'],
            includePrompt: false,
            seed: 1,
          },
          templates: { query: 'Instruction: {task} Query: ', passage: '' },
          architecture: { heads: 2, maxPositions: 32 },
          checkpoint: { reason: 'INITIAL', step: 0, run: null, model: { name: 'another' }, resumable: false },
        },
      });
    });

    it.each([
      ['heads that do not divide', { architecture: { ...architecture, heads: 3 } }, 'input.architecture.heads'],
      ['a length beyond the positions', { maxLength: 33 }, 'input.maxLength'],
      ['a width below its range', { architecture: { width: 4 } }, 'input.architecture.width'],
      ['no vocabulary source', { vocabularyFrom: [] }, 'input.vocabularyFrom'],
      ['an unknown data set', { vocabularyFrom: [unknown('Dataset')] }, 'input.vocabularyFrom.0'],
      ['a model for a data set', { vocabularyFrom: [unknown('Model')] }, 'input.vocabularyFrom.0'],
      ['a malformed id', { vocabularyFrom: ['x'] }, 'input.vocabularyFrom.0'],
      ['a template too long', { templates: { passage: 'x'.repeat(2_001) } }, 'input.templates.passage'],
      [
        'weights that no device holds',
        { architecture: { layers: 96, width: 8192, innerWidth: 65_536, maxPositions: 512 } },
        'input.architecture',
      ],
      ['a vocabulary too small', { vocabularySize: 1 }, 'input.vocabularySize'],
    ])('refuses %s', async (_what, change, field) => {
      const [, found] = await inputRefusal(live(), 'createModel', 'CreateModelInput', { ...input(), ...change });
      expect(found).toBe(field);
    });
  });
}

interface Step {
  readonly seq: number;
  readonly __typename: string;
}

export function runSuite(live: () => Live): void {
  const input = () => {
    const { model, ir, sts } = live().made;
    return { model, datasets: [{ dataset: ir }, { dataset: sts, weight: 1 }], settings };
  };
  const refused = (change: object) => inputRefusal(live(), 'startRun', 'StartRunInput', { ...input(), ...change });

  describe('planRun', () => {
    it('tells steps, tokens and memory without starting', async () => {
      const query = `query($input: StartRunInput!) {
        planRun(input: $input) {
          steps epochs tokens memoryBytes memory { total } device { name }
          datasets { dataset { name } batchesPerEpoch recordsPerEpoch tokensPerBatch }
        }
      }`;
      const runs = await get(live(), '{ runs { totalCount } }');
      const { planRun } = await get<{ planRun: { tokens: number; memoryBytes: number } }>(live(), query, {
        input: input(),
      });
      expect(planRun).toMatchObject({
        ...{ steps: 6, epochs: 1 },
        datasets: [
          { dataset: { name: 'ir' }, batchesPerEpoch: 3, recordsPerEpoch: 18 },
          { dataset: { name: 'sts' }, batchesPerEpoch: 3, recordsPerEpoch: 18 },
        ],
      });
      expect(planRun.tokens).toBeGreaterThan(100);
      expect(planRun.memoryBytes).toBeGreaterThan(10_000);
      expect(await get(live(), '{ runs { totalCount } }')).toEqual(runs);
    });

    it('counts by the sampler', async () => {
      const query = `query($input: StartRunInput!) {
        planRun(input: $input) { steps epochs updatesPerEpoch batchesPerUpdate datasets { batchesPerEpoch recordsPerEpoch } }
      }`;
      const mixed = {
        ...settings,
        sampler: 'MIXED',
        shardsPerUpdate: 2,
        equalBatchesPerTask: true,
        distinctTexts: true,
      };
      expect(await get(live(), query, { input: { ...input(), settings: mixed } })).toEqual({
        planRun: {
          ...{ steps: 6, epochs: 1, updatesPerEpoch: 6, batchesPerUpdate: 2 },
          datasets: [
            { batchesPerEpoch: 6, recordsPerEpoch: 18 },
            { batchesPerEpoch: 6, recordsPerEpoch: 18 },
          ],
        },
      });
    });

    it('refuses a batch that cannot be filled', async () => {
      const query = 'query($input: StartRunInput!) { planRun(input: $input) { steps } }';
      const { extensions } = await refusal(live(), query, {
        input: { ...input(), settings: { ...settings, irBatchSize: 19 } },
      });
      expect(extensions['code']).toBe('BAD_USER_INPUT');
    });
  });

  describe('startRun', () => {
    it.each([
      ['no data set', { datasets: [] }, 'BAD_USER_INPUT', 'input.datasets'],
      ['an unknown model', { model: unknown('Model') }, 'NOT_FOUND', 'input.model'],
      ['an unknown data set', { datasets: [{ dataset: unknown('Dataset') }] }, 'NOT_FOUND', 'input.datasets.0.dataset'],
      ['a length the model has not', { settings: { maxLength: 25 } }, 'BAD_USER_INPUT', 'input.settings.maxLength'],
      [
        'shards that do not divide the batch',
        { settings: { ...settings, sampler: 'MIXED', shardsPerUpdate: 4 } },
        'BAD_USER_INPUT',
        'input.settings.shardsPerUpdate',
      ],
      [
        'shards of one pair',
        { settings: { ...settings, sampler: 'MIXED', shardsPerUpdate: 6 } },
        'BAD_USER_INPUT',
        'input.settings.irBatchSize',
      ],
      ['no size', { settings: { sizeExponent: 5 } }, 'BAD_USER_INPUT', 'input.settings.sizeExponent'],
      ['no epoch', { settings: { epochs: 0 } }, 'BAD_USER_INPUT', 'input.settings.epochs'],
      ['a dropout of 1', { settings: { dropout: 1 } }, 'BAD_USER_INPUT', 'input.settings.dropout'],
      [
        'a preset for one task on two',
        { settings: { maxLength: 24, preset: 'SINGLE_TASK' } },
        'BAD_USER_INPUT',
        'input.settings.preset',
      ],
      [
        'a rate below 0',
        { settings: { optimizer: { learningRate: -1 } } },
        'BAD_USER_INPUT',
        'input.settings.optimizer.learningRate',
      ],
      [
        'no loss for its task',
        { settings: { maxLength: 24, losses: { ir: [] } } },
        'BAD_USER_INPUT',
        'input.settings.losses.ir',
      ],
      [
        'a loss of the other task',
        { settings: { maxLength: 24, losses: { ir: [{ loss: 'PEARSON' }] } } },
        'BAD_USER_INPUT',
        'input.settings.losses.ir.0.loss',
      ],
      [
        'a loss twice',
        { settings: { maxLength: 24, losses: { sts: [{ loss: 'PRO' }, { loss: 'PRO' }] } } },
        'BAD_USER_INPUT',
        'input.settings.losses.sts.1.loss',
      ],
      [
        'a parameter the loss has not',
        { settings: { maxLength: 24, losses: { sts: [{ loss: 'PEARSON', parameters: { temperature: 1 } }] } } },
        'BAD_USER_INPUT',
        'input.settings.losses.sts.0.parameters.temperature',
      ],
      [
        'a temperature of 0',
        { settings: { maxLength: 24, losses: { ir: [{ loss: 'INFONCE', parameters: { temperature: 0 } }] } } },
        'BAD_USER_INPUT',
        'input.settings.losses.ir.0.parameters.temperature',
      ],
    ])('refuses %s', async (_what, change, code, field) => {
      expect(await refused(change)).toEqual([code, field]);
    });

    it('refuses a data set named twice, also in two versions, and a weight of 0', async () => {
      const { ir } = live().made;
      expect(await refused({ datasets: [{ dataset: ir }, { dataset: ir }] })).toEqual([
        'CONFLICT',
        'input.datasets.1.dataset',
      ]);
      expect(await refused({ datasets: [{ dataset: ir, weight: 0 }] })).toEqual([
        'BAD_USER_INPUT',
        'input.datasets.0.weight',
      ]);
    });

    it('starts once per idempotency key, and tells its events to the letter', async () => {
      const mutation = `mutation($input: StartRunInput!) {
        startRun(input: $input) {
          run { id name settings { preset seed epochs maxBatches losses { ir { loss weight parameters { temperature positives threshold } } } optimizer { clipNorm } } }
        }
      }`;
      interface Started {
        readonly startRun: { readonly run: { readonly id: string } };
      }
      const variables = { input: { ...input(), idempotencyKey: 'run-1' } };
      const { startRun } = await get<Started>(live(), mutation, variables);
      expect(startRun.run).toMatchObject({
        name: 'tiny joint',
        settings: {
          ...{ preset: 'CODIEMB', seed: 49, epochs: 1, maxBatches: null, optimizer: { clipNorm: null } },
          losses: {
            ir: [{ loss: 'INFONCE', weight: 1, parameters: { temperature: 0.02, positives: 'ALL', threshold: null } }],
          },
        },
      });
      expect((await get<Started>(live(), mutation, variables)).startRun.run.id).toBe(startRun.run.id);
      const other = { ...variables.input, name: 'another' };
      expect(await inputRefusal(live(), 'startRun', 'StartRunInput', other)).toEqual([
        'CONFLICT',
        'input.idempotencyKey',
      ]);

      const query = 'subscription($id: ID!) { runEvents(runId: $id) { __typename seq } }';
      const text = await eventsOf(live(), query, { id: startRun.run.id });
      const names = Array.from(text.matchAll(/"__typename":"(\w+)"/g), ([, name]) => name).filter(
        (name) => name !== 'RunHeartbeat',
      );
      expect(names).toEqual([
        ...['RunStateChanged', 'RunStateChanged', 'RunPreparing', 'RunPreparing', 'RunStarted', 'RunCheckpoint'],
        ...Array(6).fill('RunStep'),
        ...['RunCheckpoint', 'RunEnded'],
      ]);
      const kept = text.replaceAll(
        /id: (\d+)\nevent: next\ndata: \{"data":\{"runEvents":\{"__typename":"RunHeartbeat","seq":\1\}\}\}\n\n/g,
        '',
      );
      const event = (name: string | undefined, i: number) =>
        `id: ${i + 1}\nevent: next\ndata: {"data":{"runEvents":{"__typename":"${name}","seq":${i + 1}}}}\n\n`;
      expect(kept).toBe(`${names.map(event).join('')}event: complete\ndata:\n\n`);
    });
  });

  describe('a run that ended', () => {
    it('replays behind any event, by the client and by the field', async () => {
      const { made, url } = live();
      const seen: Step[] = [];
      const client = createClient({ url });
      for await (const { runEvents } of client.subscribe(RunEventsDocument, { runId: made.run, after: 12 }))
        seen.push(runEvents);
      expect(seen.map(({ seq, __typename }) => [seq, __typename])).toEqual([
        [13, 'RunCheckpoint'],
        [14, 'RunEnded'],
      ]);
      const query = `query($id: ID!) {
        run(id: $id) {
          state step steps epoch lastSeq attempt error { code }
          adapter { name } attempts { number outcome host }
          datasets { weight dataset { name } }
          events(after: 6, first: 1) { seq at run { id } ... on RunStep { step task loss components { name value } tokens } }
          checkpoints { totalCount nodes { id reason step epoch resumable run { id } } }
        }
      }`;
      const { run } = await get(live(), query, { id: made.run });
      expect(run).toMatchObject({
        ...{ state: 'SUCCEEDED', step: 6, steps: 6, epoch: 1, lastSeq: 14, attempt: 1, error: null },
        adapter: { name: expect.any(String) },
        attempts: [{ number: 1, outcome: 'SUCCEEDED', host: expect.any(String) }],
        datasets: [{ weight: 1, dataset: { name: 'ir' } }, { dataset: { name: 'sts' } }],
        events: [{ seq: 7, run: { id: made.run }, step: 1, loss: expect.any(Number) }],
        checkpoints: {
          totalCount: 2,
          nodes: [
            { id: made.checkpoints[0], reason: 'INITIAL', step: 0 },
            { id: made.checkpoints[1], reason: 'EPOCH', step: 6 },
          ],
        },
      });
    });

    it('cannot be cancelled or resumed', async () => {
      const id = live().made.run;
      for (const mutation of ['cancelRun', 'resumeRun']) {
        const { extensions } = await refusal(live(), `mutation($id: ID!) { ${mutation}(id: $id) { run { id } } }`, {
          id,
        });
        expect(extensions['code']).toBe('CONFLICT');
      }
    });

    it.each([
      ['an unknown run', { id: unknown('Run'), after: 0 }, 'NOT_FOUND'],
      ['a malformed id', { id: 'x', after: 0 }, 'BAD_USER_INPUT'],
      ['a seq below 0', { id: null, after: -1 }, 'BAD_USER_INPUT'],
      ['a seq that is not yet', { id: null, after: 99 }, 'BAD_USER_INPUT'],
    ])('is not followed for %s', async (_what, { id, after }, code) => {
      const query = 'subscription($id: ID!, $after: Int64!) { runEvents(runId: $id, after: $after) { seq } }';
      const { errors } = await ask(live(), query, { id: id ?? live().made.run, after });
      expect(errors?.[0]?.extensions['code']).toBe(code);
    });

    it('can be cancelled while it runs, keeping a checkpoint', async () => {
      const runs = await get(live(), '{ runs { totalCount } }');
      const id = await startRun(live(), { ...input(), name: 'long', settings: { ...settings, epochs: 500 } });
      const client = createClient({ url: live().url });
      const states: string[] = [];
      for await (const { runEvents: event } of client.subscribe(RunEventsDocument, { runId: id })) {
        if (event.__typename === 'RunStep' && event.step === 2) {
          const cancel = 'mutation($id: ID!) { cancelRun(id: $id) { run { state } } }';
          expect(await get(live(), cancel, { id })).toEqual({
            cancelRun: { run: { state: 'CANCELLED' } },
          });
        }
        if (event.__typename === 'RunEnded') states.push(event.state);
      }
      expect(states).toEqual(['CANCELLED']);
      const query = 'query($id: ID!) { run(id: $id) { step checkpoints { nodes { step } } } }';
      interface Stopped {
        readonly run: {
          readonly step: number;
          readonly checkpoints: { readonly nodes: readonly { readonly step: number }[] };
        };
      }
      const { run } = await get<Stopped>(live(), query, { id });
      expect(run.step).toBeGreaterThan(0);
      expect(run.checkpoints.nodes.at(-1)?.step).toBe(run.step);
      const remove = 'mutation($id: ID!) { deleteRun(id: $id) { deletedId } }';
      await get(live(), remove, { id });
      expect(await get(live(), '{ runs { totalCount } }')).toEqual(runs);
    });
  });
}
