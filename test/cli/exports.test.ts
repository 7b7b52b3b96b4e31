/**
 * `tandem export-runs`, `export-evaluations`, and `export` of a model with heads as processes of their own, against a
 * service that trained a run.
 */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { importRecords, irRecords, startLive } from '../graphql/live/fixture.ts';
import { get, type Live, stopLive } from '../graphql/live/harness.ts';
import { runTandem } from './tandem.ts';

let live: Live;
let folder: string;
beforeAll(async () => {
  live = await startLive();
  folder = await mkdtemp(join(tmpdir(), 'tandem-export-'));
});
afterAll(async () => {
  await stopLive(live);
  await rm(folder, { recursive: true, force: true });
});
const tandem = (...args: readonly string[]) => runTandem(live.url, ['export-runs', ...args]);
const jsonOf = async (file: string) => JSON.parse(await readFile(file, 'utf8'));

describe('tandem export-runs', () => {
  it('writes the metrics of a run by its name as CSV', async () => {
    const file = join(folder, 'metrics.csv');
    const { code, stdout } = await tandem('fixture', '--file', file);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/metrics\.csv \(\d+ rows\)/)]);
    const rows: Record<string, string>[] = parse(await readFile(file), { columns: true });
    const losses = rows.filter(({ metric }) => metric === 'loss');
    expect(losses.map((row) => row['step'])).toEqual(['1', '2', '3', '4', '5', '6']);
    for (const { run, value } of losses) {
      expect(run).toBe(live.made.run);
      expect(Number(value)).toBeGreaterThan(0);
    }
  });

  it('writes settings as JSON, and its answer as JSON', async () => {
    const file = join(folder, 'settings.json');
    const args = [live.made.run, '--table', 'settings', '--format', 'json', '--file', file, '--json'];
    const { code, stdout } = await tandem(...args);
    expect([code, JSON.parse(stdout)]).toEqual([0, { path: file, rows: 1 }]);
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject([
      { run: live.made.run, name: 'fixture', state: 'SUCCEEDED', 'settings.irBatchSize': 6 },
    ]);
  });

  it('leaves files alone that are there, and none behind where it fails', async () => {
    const taken = join(folder, 'taken.csv');
    expect((await tandem('fixture', '--file', taken)).code).toBe(0);
    const before = await readFile(taken, 'utf8');
    const again = await tandem('fixture', '--file', taken);
    expect(again).toMatchObject({ code: 2, stderr: expect.stringContaining('taken.csv already') });
    expect(await readFile(taken, 'utf8')).toBe(before);
    const twice = join(folder, 'twice.csv');
    const failed = await tandem('fixture', live.made.run, '--file', twice);
    expect(failed).toMatchObject({ code: 2, stderr: expect.stringContaining('named twice') });
    await expect(readFile(twice)).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await tandem('nobody', '--file', join(folder, 'x.csv'))).toMatchObject({ code: 2 });
    expect(await tandem('fixture', '--file', join(folder, 'none', 'x.csv'))).toMatchObject({ code: 2 });
  });
});

describe('tandem runs series', () => {
  const series = (...args: readonly string[]) => runTandem(live.url, ['runs', 'series', ...args]);

  it('prints figures over the updates, and which there are', async () => {
    const { run } = live.made;
    const names = await series(run);
    expect([names.code, names.stdout.split('\n')]).toEqual([0, expect.arrayContaining(['loss', 'loss.sts.pearson'])]);
    const json = await series(run, '--names', 'loss, learningRate', '--json');
    const [loss, rate] = JSON.parse(json.stdout) as { name: string; points: { step: number; min: number }[] }[];
    expect([loss?.name, rate?.name, loss?.points.map(({ step }) => step)]).toEqual([
      ...['loss', 'learningRate'],
      [1, 2, 3, 4, 5, 6],
    ]);
    const { code, stdout } = await series(run, '--names', 'loss', '--points', '2');
    expect([code, stdout.trimEnd().split('\n').slice(2)]).toEqual([
      0,
      [expect.stringMatching(/^loss +1 to 3 +[\d.]+ +[\d.]+$/), expect.stringMatching(/^loss +4 to 6 +/)],
    ]);
  });

  it('names what there is where a name is none, and refuses what is no run', async () => {
    const wrong = await series(live.made.run, '--names', 'loss,lost');
    expect(wrong).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('no series lost') });
    expect(wrong.stderr).toContain('expected: some of');
    expect((await series(live.made.model, '--names', 'loss')).code).toBe(2);
  });
});

describe('tandem export-evaluations', () => {
  const evaluations = (...args: readonly string[]) => runTandem(live.url, ['export-evaluations', ...args]);
  const checkpoint = () => live.made.checkpoints.at(-1)!;

  it('writes the newest of each split as result files of mteb', async () => {
    const query = `mutation($checkpoint: ID!, $datasets: [ID!]!, $split: Split!) {
      evaluateCheckpoint(input: { checkpoint: { id: $checkpoint }, datasets: $datasets, split: $split }) {
        evaluations { seconds main { value } }
      }
    }`;
    interface Evaluated {
      readonly evaluateCheckpoint: { readonly evaluations: { readonly seconds: number; main: { value: number } }[] };
    }
    const { ir, sts } = live.made;
    const evaluate = async (split: string, datasets: string[]) =>
      (await get<Evaluated>(live, query, { checkpoint: checkpoint(), datasets, split })).evaluateCheckpoint.evaluations;
    await evaluate('TEST', [ir, sts]);
    const [test] = await evaluate('TEST', [ir]);
    const [train] = await evaluate('TRAIN', [ir]);
    // Newer ones of first components, by the command line, which are no figures of whole vectors.
    const cut = ['evaluate', '--checkpoint', checkpoint(), '--dataset', 'ir', '--dimensions', '8,3'];
    expect(await runTandem(live.url, cut)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/dimension.*\n.*\bir\s+8\s.*\n.*\bir\s+3\s/s),
    });
    const baseline = await runTandem(live.url, ['evaluate', '--dataset', 'ir', '--dimensions', '8']);
    expect(baseline).toMatchObject({ code: 2, stderr: expect.stringContaining('the tf-idf baseline has none') });
    const to = join(folder, 'results', 'mine');
    expect(await evaluations('--checkpoint', checkpoint(), '--folder', to)).toMatchObject({ code: 0 });
    const result = await jsonOf(join(to, 'ir.json'));
    expect(result).toMatchObject({
      ...{ task_name: 'ir', dataset_revision: expect.stringMatching(/^[0-9a-f]{64}$/), kg_co2_emissions: null },
      scores: { test: [{ hf_subset: 'default', languages: ['und-Zyyy'] }], train: [{ hf_subset: 'default' }] },
      evaluation_time: test!.seconds + train!.seconds,
    });
    for (const [split, figures] of Object.entries({ test, train })) {
      expect(result.scores[split][0].main_score).toBe(result.scores[split][0].ndcg_at_10);
      expect(result.scores[split][0].main_score).toBeCloseTo(figures!.main.value, 5);
    }
    expect((await jsonOf(join(to, 'sts.json'))).scores.test[0]).toMatchObject({ main_score: expect.any(Number) });
    const again = await evaluations('--checkpoint', checkpoint(), '--dataset', 'sts', '--folder', to);
    expect(again).toMatchObject({ code: 2, stderr: expect.stringContaining('sts.json already') });
  });

  it('says where there is nothing to write', async () => {
    const to = join(folder, 'nothing');
    const nothing = await evaluations('--checkpoint', live.made.checkpoints[0]!, '--folder', to);
    expect(nothing).toMatchObject({ code: 2, stderr: expect.stringContaining('evaluate it first') });
    await expect(readFile(to)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('writes a file for each name, and reads behind the first page', async () => {
    const names = ['a b', 'a_b', 'a/b', '.a', '_a'];
    const sets = names.map((name, i) => importRecords(live, name, irRecords.slice(3 + i)));
    const query = `mutation($input: EvaluateCheckpointInput!) {
      evaluateCheckpoint(input: $input) { evaluations { id } }
    }`;
    const input = { checkpoint: { id: live.made.checkpoints[0] }, datasets: await Promise.all(sets), split: 'TEST' };
    await get(live, query, { input });
    // Newer ones that no file tells, more than a page of this service holds.
    const dimensions = Array.from({ length: 16 }, (_, i) => i + 1);
    for (const _ of [1, 2]) await get(live, query, { input: { ...input, datasets: [live.made.ir], dimensions } });
    const to = join(folder, 'names');
    const args = ['--checkpoint', live.made.checkpoints[0]!, '--folder', to];
    expect(await evaluations(...args)).toMatchObject({ code: 0, stderr: '' });
    const files = ['%2ea.json', '_a.json', 'a%20b.json', 'a%2fb.json', 'a_b.json'];
    expect((await readdir(to)).sort()).toEqual(files);
    expect(await jsonOf(join(to, 'a%20b.json'))).toMatchObject({ task_name: 'a b' });
    expect(await jsonOf(join(to, 'a_b.json'))).toMatchObject({ task_name: 'a_b' });
    // One that is there keeps the others from being made.
    for (const file of files.slice(1)) await rm(join(to, file));
    expect(await evaluations(...args)).toMatchObject({ code: 2, stderr: expect.stringContaining('%2ea.json already') });
    expect(await readdir(to)).toEqual(['%2ea.json']);
  });
});

describe('a model with heads', () => {
  const json = async (...args: readonly string[]) =>
    JSON.parse((await runTandem(live.url, [...args, '--json'])).stdout);

  it('is derived, embeds by task, and is exported for one', async () => {
    const derived = await json('derive-model', 'tiny', '--name', 'headed', '--task-heads', 'both', '--pooling', 'max');
    expect(derived).toMatchObject({ name: 'headed', heads: { ir: 'DENSE', sts: 'DENSE' } });
    const texts = join(folder, 'texts.json');
    await writeFile(texts, JSON.stringify(['the pump leaks oil']));
    const embedded = await json('embed', '--model', derived.id, '--texts', texts, '--task', 'sts');
    expect(embedded).toMatchObject({ dimension: 16, truncated: [false] });
    const exporting = ['export', '--checkpoint', derived.id, '--folder', 'headed'];
    const refused = await runTandem(live.url, exporting);
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('depend on the task') });
    const { path } = await json(...exporting, '--task', 'sts');
    const modules = JSON.parse(await readFile(join(path, 'modules.json'), 'utf8'));
    expect(modules.map((module: { path: string }) => module.path)).toEqual(['', '1_Pooling', '2_Dense', '3_Normalize']);
  });
});

describe('tandem create-suite, evaluate-suite and leaderboard', () => {
  const run = (...args: readonly string[]) => runTandem(live.url, args);

  it('show figures, overlaps and rows, and export the result files of a suite', async () => {
    const checkpoint = live.made.checkpoints.at(-1)!;
    expect(await run('create-suite', 'shown', '--dataset', 'sts:train', '--pooled', 'ir')).toMatchObject({ code: 0 });
    const { code, stdout } = await run('evaluate-suite', 'shown', '--checkpoint', checkpoint, '--overlaps');
    expect([code, stdout.split('\n')]).toEqual([
      0,
      expect.arrayContaining([
        expect.stringMatching(/^split +sts train +STS +-?[\d.]+$/),
        expect.stringMatching(/^split +ir test \(pooled\) +IR +[\d.]+$/),
        expect.stringMatching(/^mean +over the tasks +- +[\d.]+$/),
        expect.stringMatching(/^sts train +no +\d+ +\d+ +18 +18 +sts$/),
      ]),
    ]);
    expect(await run('evaluate-suite', 'shown')).toMatchObject({ code: 0 });
    const board = await run('leaderboard', 'shown', '--task', 'ir');
    expect(board.stdout.split('\n').slice(2)).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^tf-idf baseline +-?[\d.]+ +[\d.]+ +/),
        expect.stringContaining(checkpoint),
      ]),
    );
    const to = join(folder, 'of-a-suite');
    const args = ['--checkpoint', checkpoint, '--suite', 'shown', '--folder', to];
    expect(await run('export-evaluations', ...args)).toMatchObject({ code: 0 });
    // Figures on a pooled corpus are none that mteb has.
    expect(await readdir(to)).toEqual(['sts.json']);
    const wrong = await run('leaderboard', 'shown', '--entry', '2');
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('no entry 2') });
    expect((await run('evaluate-suite', 'nobody')).code).toBe(2);
  });
});
