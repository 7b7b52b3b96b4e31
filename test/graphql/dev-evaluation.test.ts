/** Dev sets of runs over the API: what is refused, what takes effect, what the command line prints. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runTandem } from '../cli/tandem.ts';
import {
  asDev,
  checkpointsOf,
  graded,
  importRecords,
  irRecords,
  plain,
  settings,
  startLive,
  startRun,
  stsRecords,
} from './live/fixture.ts';
import { get, inputRefusal, type Live, refusal, stopLive } from './live/harness.ts';

let live: Live;
/** Data sets with a dev split alone. */
let dev: { readonly ir: string; readonly sts: string };
beforeAll(async () => {
  live = await startLive();
  const ir = await importRecords(live, 'ir-dev', asDev(irRecords));
  dev = { ir, sts: await importRecords(live, 'sts-dev', asDev(stsRecords), 5) };
});
afterAll(() => stopLive(live));

const input = (change: object = {}) => {
  const { model, ir, sts } = live.made;
  return {
    ...{ model, datasets: [{ dataset: ir }, { dataset: sts }] },
    devSets: [{ dataset: dev.ir }, { dataset: dev.sts }],
    settings,
    ...change,
  };
};
const refused = (change: object) => inputRefusal(live, 'startRun', 'StartRunInput', input(change));
const withDev = (dev: object) => ({ settings: { ...settings, dev } });

const query = `query($id: ID!) {
  run(id: $id) {
    state cause bestScore bestStep bestCheckpoint { step best }
    devSets { dataset { name } split pooled }
    settings { dev { everySteps patience minDelta weights { ir sts } } }
    devEvaluations { totalCount nodes { step epoch score sets { dataset pooled documents main { name value } } } }
    checkpoints { nodes { step best } }
  }
}`;
interface Found {
  readonly run: {
    readonly settings: { readonly dev: object | null };
    readonly bestStep: number;
    readonly bestScore: number;
    readonly devEvaluations: {
      readonly nodes: readonly { step: number; score: number; sets: { main: { value: number } }[] }[];
    };
    readonly checkpoints: { readonly nodes: readonly { step: number; best: boolean }[] };
  };
}

describe('startRun with dev sets', () => {
  it.each<[string, () => object, string, string]>([
    [
      'a split without records',
      () => ({ devSets: [{ dataset: live.made.ir }] }),
      'BAD_USER_INPUT',
      'input.devSets.0.split',
    ],
    [
      'the records that it trains on',
      () => ({ devSets: [{ dataset: live.made.ir, split: 'TRAIN' }] }),
      'BAD_USER_INPUT',
      'input.devSets.0.split',
    ],
    [
      'the records of a test',
      () => ({ devSets: [{ dataset: live.made.ir, split: 'TEST' }] }),
      'BAD_USER_INPUT',
      'input.devSets.0.split',
    ],
    [
      'a set named twice',
      () => ({ devSets: [0, 1].map(() => ({ dataset: dev.ir })) }),
      'CONFLICT',
      'input.devSets.1.dataset',
    ],
    [
      'a pooled corpus of pairs',
      () => ({ devSets: [{ dataset: dev.sts, pooled: true }] }),
      'BAD_USER_INPUT',
      'input.devSets.0.pooled',
    ],
    [
      'a joint run without a dev set of one task',
      () => ({ devSets: [{ dataset: dev.ir }] }),
      'BAD_USER_INPUT',
      'input.devSets',
    ],
    [
      'patience without dev sets',
      () => ({ devSets: [], ...withDev({ patience: 2 }) }),
      'BAD_USER_INPUT',
      'input.devSets',
    ],
    [
      'weights with another sum',
      () => withDev({ weights: { ir: 0.5, sts: 0.6 } }),
      'BAD_USER_INPUT',
      'input.settings.dev.weights',
    ],
    ['patience of 0', () => withDev({ patience: 0 }), 'BAD_USER_INPUT', 'input.settings.dev.patience'],
  ])('refuses %s', async (_, change, code, field) => {
    expect(await refused(change())).toEqual([code, field]);
  });

  it('evaluates at each checkpoint and in between, and marks the best', async () => {
    const run = await startRun(live, input({ name: 'dev', ...withDev({ everySteps: 2 }) }));
    await checkpointsOf(live, run);
    const { run: found } = await get<Found>(live, query, { id: run });
    const { nodes } = found.devEvaluations;
    expect(nodes.map(({ step }) => step)).toEqual([0, 2, 4, 6]);
    const best = nodes.reduce((a, b) => (b.score > a.score ? b : a));
    expect(found).toMatchObject({
      ...{ state: 'SUCCEEDED', cause: null, bestScore: best.score, bestStep: best.step },
      bestCheckpoint: { step: best.step, best: true },
      devSets: [
        { dataset: { name: 'ir-dev' }, split: 'DEV', pooled: false },
        { dataset: { name: 'sts-dev' }, split: 'DEV', pooled: false },
      ],
      settings: { dev: { everySteps: 2, patience: null, minDelta: 0, weights: { ir: 0.5, sts: 0.5 } } },
    });
    for (const { score, sets } of nodes) expect(score).toBe(0.5 * sets[0]!.main.value + 0.5 * sets[1]!.main.value);
    expect(found.checkpoints.nodes.filter((checkpoint) => checkpoint.best).map(({ step }) => step)).toEqual([
      best.step,
    ]);
  });

  it('selects a run of one task by that task alone, whatever else it is evaluated on', async () => {
    const run = await startRun(
      live,
      input({ datasets: [{ dataset: live.made.sts }], settings: { ...settings, maxBatches: 2 } }),
    );
    await checkpointsOf(live, run);
    const { run: found } = await get<Found>(live, query, { id: run });
    expect(found.settings.dev).toMatchObject({ weights: { ir: 0, sts: 1 } });
    for (const { score, sets } of found.devEvaluations.nodes) expect(score).toBe(sets[1]!.main.value);
  });

  it('keeps a data set that a run is evaluated on', async () => {
    const set = await importRecords(live, 'only dev', irRecords.slice(0, 4));
    const devSets = [{ dataset: set, split: 'TRAIN' }];
    const datasets = [{ dataset: live.made.ir }];
    const run = await startRun(live, input({ datasets, devSets, settings: { ...settings, maxBatches: 1 } }));
    await checkpointsOf(live, run);
    const mutation = 'mutation($id: ID!) { deleteDataset(id: $id) { deletedId } }';
    const { extensions } = await refusal(live, mutation, { id: set });
    expect(extensions['code']).toBe('CONFLICT');
    await get(live, 'mutation($id: ID!) { deleteRun(id: $id) { deletedId } }', { id: run });
    await get(live, mutation, { id: set });
  });
});

describe('a pooled corpus', () => {
  it('is named as such, and never mixed with the full one', async () => {
    const mutation = `mutation($input: EvaluateCheckpointInput!) {
      evaluateCheckpoint(input: $input) { evaluations { id pooled documents main { value } } }
    }`;
    // 80 documents with the word of the query, and the relevant one without it, which tf-idf would leave out.
    const passages = Array.from({ length: 80 }, (_, i) => ({ text: plain(`pump ${'noise '.repeat(i)}${i}`) }));
    const record = { task: 'IR', split: 'TEST', query: plain('pump'), positives: [graded('another belt', 1)] };
    const set = await importRecords(live, 'to pool', [{ ...record, negatives: passages }]);
    const request = { checkpoint: { id: live.made.checkpoints[1] }, datasets: [set], split: 'TEST' };
    const evaluate = async (change: object) =>
      (
        await get<{ evaluateCheckpoint: { evaluations: object[] } }>(live, mutation, {
          input: { ...request, ...change },
        })
      ).evaluateCheckpoint.evaluations[0];
    const full = await evaluate({ pooled: false, idempotencyKey: 'full' });
    expect(full).toMatchObject({ pooled: false, documents: 81 });
    expect(await evaluate({ pooled: true, idempotencyKey: 'pooled' })).toMatchObject({ pooled: true, documents: 51 });
    // A key stands for one of both.
    expect(await evaluate({ idempotencyKey: 'full' })).toEqual(full);
    for (const change of [
      { pooled: true, idempotencyKey: 'full' },
      { pooled: false, idempotencyKey: 'pooled' },
      { dimensions: [3], idempotencyKey: 'full' },
    ]) {
      const input = { ...request, ...change };
      expect(await inputRefusal(live, 'evaluateCheckpoint', 'EvaluateCheckpointInput', input)).toEqual([
        ...['CONFLICT', 'idempotencyKey'],
      ]);
    }
    expect(
      await inputRefusal(live, 'evaluateCheckpoint', 'EvaluateCheckpointInput', {
        ...request,
        datasets: [live.made.sts],
        pooled: true,
      }),
    ).toEqual(['BAD_USER_INPUT', 'input.datasets.0']);
  });
});

describe('tandem train', () => {
  it('evaluates on dev sets, prints their scores and why it ended', async () => {
    const args = ['train', '--model', 'tiny', '--dataset', 'ir', '--dataset', 'sts', '--batch-size', '6', '--watch'];
    const dev = ['--dev-pooled', 'ir-dev', '--dev', 'sts-dev:dev', '--evaluate-every-steps', '1', '--patience', '2'];
    const more = ['--min-delta', '1', '--ir-weight', '0.25', '--positives', '1', '--negatives', '1'];
    const { code, stdout, stderr } = await runTandem(live.url, [...args, ...dev, ...more]);
    expect([code, stderr]).toEqual([
      0,
      expect.stringMatching(/^dev at step 2: -?0\.\d{4}, .*, ir-dev pooled ndcg_at_10 0/m),
    ]);
    expect(stderr).toContain('sts-dev cosine_spearman');
    expect(stdout).toMatch(/SUCCEEDED \(EARLY_STOPPED\) at step 2, .*\nbest dev score -?0\.\d{4} at step [012]\n/);
  });
});
