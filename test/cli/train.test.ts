/** `tandem train` with its defaults and options, as a process of its own, against a real service. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addTrainOptions, givenSettings } from '../../src/cli/train-options.ts';
import { startLive } from '../graphql/live/fixture.ts';
import { get, inputRefusal, type Live, stopLive } from '../graphql/live/harness.ts';
import { runTandem } from './tandem.ts';

let live: Live;
let folder: string;
beforeAll(async () => {
  live = await startLive();
  folder = await mkdtemp(join(tmpdir(), 'tandem-train-'));
});
afterAll(async () => {
  await stopLive(live);
  await rm(folder, { recursive: true, force: true });
});
const tandem = (...args: readonly string[]) => runTandem(live.url, args);

const settingsQuery = `query($id: ID!) {
  run(id: $id) {
    state
    datasets { losses { loss weight parameters { temperature knownPositives } } }
    settings {
      preset missingNegatives maxLength irBatchSize stsBatchSize negatives dropout recomputeActivations
      matryoshka { dimension weight }
      optimizer { learningRate clipNorm groups { parameters learningRate weightDecay frozen } }
    }
  }
}`;

describe('tandem train', () => {
  it('has losses for one data set from a file, and a text for missing negatives', async () => {
    const file = join(folder, 'losses.json');
    const losses = [{ loss: 'SPREAD_OUT' }, { loss: 'INFONCE', parameters: { knownPositives: true } }];
    await writeFile(file, JSON.stringify(losses));
    const args = ['train', '--model', 'tiny', '--dataset', 'ir:2', '--dataset', 'sts', '--batch-size', '6'];
    const options = [
      '--dataset-losses',
      `ir=${file}`,
      '--missing-negatives',
      'nothing',
      '--max-batches',
      '2',
      '--json',
    ];
    const { code, stdout } = await tandem(...args, ...options, '--watch');
    expect(code).toBe(0);
    expect(await get(live, settingsQuery, { id: JSON.parse(stdout).id })).toMatchObject({
      run: {
        state: 'SUCCEEDED',
        settings: { missingNegatives: 'NOTHING' },
        datasets: [
          {
            losses: [
              { loss: 'SPREAD_OUT', weight: 1, parameters: { temperature: null } },
              { loss: 'INFONCE', weight: 1, parameters: { temperature: 0.02, knownPositives: true } },
            ],
          },
          { losses: null },
        ],
      },
    });
    const wrong = await tandem(...args, '--dataset-losses', `other=${file}`);
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('names no data set of the run')]);
  });

  it('with its defaults takes a model that reads less than 512 tokens, and says that one update learns nothing', async () => {
    const args = ['train', '--model', 'tiny', '--dataset', 'ir', '--batch-size', '6', '--max-batches', '1', '--watch'];
    const { code, stdout, stderr } = await tandem(...args, '--json');
    expect([code, stderr]).toEqual([0, expect.stringContaining('learning rate 0')]);
    const { id } = JSON.parse(stdout);
    expect(await get(live, settingsQuery, { id })).toMatchObject({
      run: { state: 'SUCCEEDED', settings: { maxLength: 24, irBatchSize: 6, stsBatchSize: 6 } },
    });
  });

  it('has options for the settings, over those of a file', async () => {
    const file = join(folder, 'settings.json');
    const groups = [{ parameters: '*.bias', weightDecay: 0.25 }];
    await writeFile(
      file,
      JSON.stringify({ negatives: 3, maxLength: 8, optimizer: { learningRate: 0.5, beta1: 0.8, groups } }),
    );
    const options = ['--settings', file, '--max-length', '12', '--ir-batch-size', '9', '--batch-size', '3'];
    const more = ['--learning-rate', '0.01', '--dropout', '0', '--max-batches', '2', '--preset', 'single-task'];
    more.push(
      '--recompute-activations',
      '--matryoshka',
      '8,4:0.5',
      '--freeze',
      'embeddings.*',
      '*.LayerNorm.*',
      '--json',
    );
    const { code, stdout } = await tandem('train', '--model', 'tiny', '--dataset', 'ir', ...options, ...more);
    const own = { learningRate: null, weightDecay: null, frozen: true };
    const shown = [
      { ...own, parameters: 'embeddings.*' },
      { ...own, parameters: '*.LayerNorm.*' },
      { ...own, parameters: '*.bias', weightDecay: 0.25, frozen: false },
    ];
    expect(code).toBe(0);
    expect(await get(live, settingsQuery, { id: JSON.parse(stdout).id })).toMatchObject({
      run: {
        settings: {
          ...{ maxLength: 12, irBatchSize: 9, stsBatchSize: 3, negatives: 3, dropout: 0, recomputeActivations: true },
          matryoshka: [
            { dimension: 8, weight: 1 },
            { dimension: 4, weight: 0.5 },
          ],
          ...{ preset: 'SINGLE_TASK', optimizer: { learningRate: 0.01, clipNorm: 1, groups: shown } },
        },
      },
    });
  });

  it('trains a checkpoint further, with the stages of a file, and follows all of them', async () => {
    const [, from] = live.made.checkpoints as [string, string];
    const file = join(folder, 'stages.json');
    const settings = { irBatchSize: 6, stsBatchSize: 6, maxBatches: 1 };
    await writeFile(file, JSON.stringify([{ name: 'then', datasets: [{ dataset: 'sts' }], settings }]));
    const args = ['train', '--from', from, '--optimizer-state', 'kept', '--dataset', 'ir', '--batch-size', '6'];
    const all = [...args, '--max-batches', '1', '--stages', file];
    const planned = JSON.parse((await tandem(...all, '--plan', '--json')).stdout);
    expect(planned).toMatchObject({ steps: 1, stages: [{ steps: 1, datasets: [{ dataset: { name: 'sts' } }] }] });
    const { code, stdout } = await tandem(...all, '--watch', '--json');
    expect(code).toBe(0);
    const runs = JSON.parse(stdout) as { id: string; name: string; checkpoints: { nodes: { id: string }[] } }[];
    expect(runs.map(({ name }) => name)).toEqual(['tiny ir', 'then']);
    const query = 'query($id: ID!) { run(id: $id) { start { checkpoint { id } } settings { optimizerState } } }';
    expect(await get(live, query, { id: runs[0]?.id })).toEqual({
      run: { start: { checkpoint: { id: from } }, settings: { optimizerState: 'KEPT' } },
    });
    const last = runs[0]?.checkpoints.nodes.at(-1)?.id;
    expect(await get(live, query, { id: runs[1]?.id })).toMatchObject({ run: { start: { checkpoint: { id: last } } } });
  });

  it('names a teacher, which is asked for where a loss needs one', async () => {
    const file = join(folder, 'taught.json');
    await writeFile(file, JSON.stringify([{ loss: 'TEACHER_MATCHING' }]));
    const args = ['train', '--model', 'tiny', '--dataset', 'ir', '--batch-size', '6', '--dataset-losses', `ir=${file}`];
    const without = await tandem(...args, '--plan');
    expect([without.code, without.stderr]).toEqual([2, expect.stringContaining('needs a teacher')]);
    const [teacher] = live.made.checkpoints as [string];
    const { code, stdout } = await tandem(...args, '--teacher', teacher, '--max-batches', '1', '--watch', '--json');
    expect(code).toBe(0);
    const query = 'query($id: ID!) { run(id: $id) { state teacher { id } } }';
    expect(await get(live, query, { id: JSON.parse(stdout).id })).toEqual({
      run: { state: 'SUCCEEDED', teacher: { id: teacher } },
    });
  });

  it('refuses two origins, none, and a file that holds no stages', async () => {
    const [first] = live.made.checkpoints as [string];
    for (const origin of [[], ['--model', 'tiny', '--from', first]]) {
      const { code, stderr } = await tandem('train', '--dataset', 'ir', ...origin);
      expect([code, stderr]).toEqual([2, expect.stringContaining('either --model or --from')]);
    }
    const file = join(folder, 'no-stages.json');
    for (const text of ['{', '{}', '[{"datasets": "ir"}]']) {
      await writeFile(file, text);
      const { code, stderr } = await tandem('train', '--model', 'tiny', '--dataset', 'ir', '--stages', file);
      expect([code, stderr]).toEqual([2, expect.stringContaining('a list of RunStageInput')]);
    }
  });

  it('refuses a data set that is smaller than its batch before a run exists', async () => {
    const count = '{ runs { totalCount } }';
    const before = await get(live, count);
    const { code, stderr } = await tandem('train', '--model', 'tiny', '--dataset', 'ir');
    expect([code, stderr]).toEqual([2, expect.stringContaining('fewer than one batch of 64')]);
    expect(await get(live, count)).toEqual(before);
  });
});

it('startRun refuses what planRun refuses, with the same field', async () => {
  const { model, ir, sts } = live.made;
  const small = { model, datasets: [{ dataset: ir }], settings: { irBatchSize: 19 } };
  const refused = ['BAD_USER_INPUT', 'input.datasets.0.dataset'];
  expect(await inputRefusal(live, 'startRun', 'StartRunInput', small)).toEqual(refused);
  const light = {
    model,
    datasets: [{ dataset: ir }, { dataset: sts, weight: 0.01 }],
    settings: { irBatchSize: 6, stsBatchSize: 6 },
  };
  expect(await inputRefusal(live, 'startRun', 'StartRunInput', light)).toEqual([
    'BAD_USER_INPUT',
    'input.datasets.1.weight',
  ]);
  const losses = [{ loss: 'INFONCE' }, { loss: 'SCORE_DISTILLATION' }];
  for (const [field, input] of [
    ['settings.losses.ir', { datasets: [{ dataset: ir }], settings: { irBatchSize: 6, losses: { ir: losses } } }],
    ['datasets.0.losses', { datasets: [{ dataset: ir, losses }], settings: { irBatchSize: 6 } }],
  ] as const) {
    const refused = await inputRefusal(live, 'startRun', 'StartRunInput', { model, ...input });
    expect(refused).toEqual(['BAD_USER_INPUT', `input.${field}`]);
  }
  const long = { model, datasets: [{ dataset: ir }], settings: { irBatchSize: 6, maxLength: 25 } };
  expect(await inputRefusal(live, 'startRun', 'StartRunInput', long)).toEqual([
    'BAD_USER_INPUT',
    'input.settings.maxLength',
  ]);
  for (const [groups, field] of [
    [[{ parameters: 'encoder.layer.9.*', frozen: true }], 'groups.0.parameters'],
    [[{ parameters: '*', frozen: true, learningRate: 0.1 }], 'groups.0.frozen'],
    [[{ parameters: '*', frozen: true }], 'groups'],
    [[{ parameters: '' }], 'groups.0.parameters'],
    [[{ parameters: '*', learningRate: -1 }], 'groups.0.learningRate'],
  ] as const) {
    const input = { model, datasets: [{ dataset: ir }], settings: { irBatchSize: 6, optimizer: { groups } } };
    expect(await inputRefusal(live, 'startRun', 'StartRunInput', input)).toEqual([
      'BAD_USER_INPUT',
      `input.settings.optimizer.${field}`,
    ]);
  }
});

it('what is not given is not sent', () => {
  const command = addTrainOptions(new Command('train')).action(() => {});
  command.parse(['--weight-decay', '0.1'], { from: 'user' });
  expect(givenSettings(command, { seed: 7 })).toEqual({ seed: 7, optimizer: { weightDecay: 0.1 } });
  const other = addTrainOptions(new Command('train')).action(() => {});
  other.parse(
    ['--sampler', 'mixed', '--shards-per-update', '2', '--size-exponent', '0.5', '--equal-batches-per-task'].concat(
      '--distinct-texts',
    ),
    { from: 'user' },
  );
  expect(givenSettings(other, { shardsPerUpdate: 4 })).toEqual({
    ...{ sampler: 'MIXED', shardsPerUpdate: 2, sizeExponent: 0.5 },
    ...{ equalBatchesPerTask: true, distinctTexts: true },
  });
  const freezing = addTrainOptions(new Command('train')).action(() => {});
  freezing.parse(['--freeze', 'a', '--freeze', 'b*'], { from: 'user' });
  const frozen = ['a', 'b*'].map((parameters) => ({ parameters, frozen: true }));
  expect(givenSettings(freezing, {})).toEqual({ optimizer: { groups: frozen } });
});
