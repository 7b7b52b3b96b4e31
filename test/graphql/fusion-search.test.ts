/** A search for the best fusion on a real service: to its end, interrupted, cancelled, refused, deleted. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSearch, showSearch } from '../../src/cli/show-search.ts';
import {
  CancelJobDocument,
  createClient,
  EvaluateCheckpointDocument,
  FuseCandidateDocument,
  JobEventsDocument,
  StartFusionSearchDocument,
  type StartFusionSearchInput,
  type TandemClient,
} from '../../src/client/index.ts';
import { type Config, loadConfig } from '../../src/config.ts';
import { candidateWeights } from '../../src/fusion/search/candidate-weights.ts';
import { openStorage } from '../../src/storage/storage.ts';
import { runTandem } from '../cli/tandem.ts';
import {
  architecture,
  checkpointsOf,
  createModel,
  importRecords,
  irRecords,
  settings,
  startRun,
  stsRecords,
} from './live/fixture.ts';
import { get, inputRefusal, limits, refusal, type Served, serve } from './live/harness.ts';

let config: Config;
let live: Served;
let client: TandemClient;
let input: StartFusionSearchInput;
let [ir, sts, modelDigest] = ['', '', ''];

/** Every third record that is not for test is for dev. */
const withDev = <Row extends { readonly split: string }>(records: readonly Row[]): Row[] =>
  records.map((record, i) => (i % 3 === 1 && record.split !== 'TEST' ? { ...record, split: 'DEV' } : record));

async function start(): Promise<void> {
  live = await serve(config);
  client = createClient({ url: live.url });
}

beforeAll(async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'tandem-search-'));
  config = { ...loadConfig({ ...process.env, TANDEM_DATA: dataDir, TANDEM_PORT: '0' }), limits };
  await start();
  ir = await importRecords(live, 'ir', withDev(irRecords));
  sts = await importRecords(live, 'sts', withDev(stsRecords), 5);
  const spec = { name: 'tiny', vocabularyFrom: [ir, sts], vocabularySize: 200, maxLength: 24, architecture };
  const { id: model } = await createModel(live, spec);
  const train = async (epochs: number, datasets: readonly string[]) => {
    const named = datasets.map((dataset) => ({ dataset }));
    return checkpointsOf(live, await startRun(live, { model, datasets: named, settings: { ...settings, epochs } }));
  };
  const [initial, ...joint] = await train(2, [ir, sts]);
  const checkpoints = [...joint, (await train(1, [sts])).at(-1) as string];
  const query = 'query($id: ID!) { node(id: $id) { ... on Checkpoint { digest } } }';
  modelDigest = (await get<{ node: { digest: string } }>(live, query, { id: initial })).node.digest;
  input = {
    ...{ checkpoints, devSets: [{ dataset: ir }, { dataset: sts }], testSets: [{ dataset: ir }, { dataset: sts }] },
    ...{ budget: 14, seed: 3 },
  };
});
afterAll(async () => {
  await live.tandem.close();
  await rm(config.dataDir, { recursive: true, force: true });
});

const begin = async (given: Partial<StartFusionSearchInput> = {}) =>
  (await client.execute(StartFusionSearchDocument, { input: { ...input, ...given } })).startFusionSearch.search;

/** Reads the events of its job until `done` candidates are there, or to its end. */
async function follow(jobId: string, done = Number.POSITIVE_INFINITY): Promise<string> {
  let state = '';
  for await (const { jobEvents } of client.subscribe(JobEventsDocument, { jobId, after: 0 })) {
    state = jobEvents.error && jobEvents.state !== 'CANCELLED' ? jobEvents.error.message : jobEvents.state;
    if (jobEvents.stage === 'search' && jobEvents.done >= done) break;
  }
  return state;
}

/** What does not depend on the machine. */
async function tableOf(id: string) {
  const { candidates, front, winner, test } = await readSearch(client, id);
  const rows = candidates.nodes.map(({ seconds: _, ...row }) => row);
  return { rows, front, winner: winner?.number, test };
}

describe('a search', () => {
  let whole: { readonly id: string; readonly job: { readonly id: string } };

  it('tries the checkpoints, then fusions, and its winner has the best joint score', async () => {
    whole = await begin();
    expect(await follow(whole.job.id)).toBe('SUCCEEDED');
    const { rows, front, winner, test } = await tableOf(whole.id);
    expect(rows.map(({ number }) => number)).toEqual(Array.from({ length: 14 }, (_, n) => n));
    expect(rows.slice(0, 4).map(({ origin }) => origin)).toEqual(['SINGLE', 'SINGLE', 'SINGLE', 'DEFAULT']);
    for (const { score, ir: search, sts: similarity } of rows) {
      expect(score).toBeCloseTo(((search ?? 0) + (similarity ?? 0)) / 2, 12);
    }
    const best = Math.max(...rows.map(({ score }) => score ?? 0));
    expect(rows.findIndex(({ score }) => score === best)).toBe(winner);
    expect(front.map(({ number }) => number)).toContain(winner);
    expect(test?.winner.map(({ split, task }) => [split, task])).toEqual([
      ['TEST', 'IR'],
      ['TEST', 'STS'],
    ]);
    const shown = showSearch(await readSearch(client, whole.id));
    expect(shown).toMatch(/14 of 14 candidates/);
    expect(shown).toMatch(/IR \(W winner/);
  });

  it('gives a checkpoint as it is the figures of its evaluation', async () => {
    const { rows, test } = await tableOf(whole.id);
    const evaluate = async (id: string, split: 'DEV' | 'TEST') =>
      (
        await client.execute(EvaluateCheckpointDocument, { input: { checkpoint: { id }, datasets: [ir, sts], split } })
      ).evaluateCheckpoint.evaluations.map(({ main }) => main.value);
    expect([rows[1]?.ir, rows[1]?.sts]).toEqual(await evaluate(input.checkpoints[1] as string, 'DEV'));
    const single = rows.slice(0, 3).toSorted((a, b) => (b.score ?? 0) - (a.score ?? 0))[0]?.number ?? 0;
    expect(test?.single.map(({ main }) => main.value)).toEqual(
      await evaluate(input.checkpoints[single] as string, 'TEST'),
    );
  });

  /** Makes a checkpoint of a candidate; its id, and the digest of its weights as a search would have it. */
  async function made(search: string, candidate: number) {
    const found = await client.execute(FuseCandidateDocument, { input: { search, candidate } });
    const { digest, id } = found.fuseCandidate.checkpoint;
    const written = { initial: modelDigest, checkpoints: [digest] };
    const asItIs = { ...written, candidate: { origin: 'single', checkpoint: 0 } } as const;
    return { id, digest: (await candidateWeights(openStorage(config.dataDir), asItIs)).digest };
  }

  it('makes a checkpoint of a candidate, of two levels or one, with the weights and figures that it found', async () => {
    const { rows } = await tableOf(whole.id);
    const nested = rows.find(({ text }) => /of \(\S+ of 0, 1[):].*, 2/.test(text));
    expect(nested?.checkpoints).toEqual([0, 1, 2]);
    for (const candidate of [nested, rows.at(-1)]) {
      const { id, digest } = await made(whole.id, candidate?.number ?? -1);
      expect(digest).toBe(candidate?.digest);
      const { evaluateCheckpoint } = await client.execute(EvaluateCheckpointDocument, {
        input: { checkpoint: { id }, datasets: [ir, sts], split: 'DEV' },
      });
      expect(evaluateCheckpoint.evaluations.map(({ main }) => main.value)).toEqual([candidate?.ir, candidate?.sts]);
    }
  });

  it('evaluates equal weights once, and fuses with weights', async () => {
    const search = await begin({ strategy: 'RANDOM', methods: ['UNIFORM_SOUP', 'LINEAR'], budget: 24 });
    expect(await follow(search.job.id)).toBe('SUCCEEDED');
    const { rows } = await tableOf(search.id);
    const same = rows.filter(({ sameAs }) => sameAs !== null);
    expect(same.length).toBeGreaterThan(0);
    for (const { digest, sameAs, score } of same)
      expect(rows[sameAs ?? 0]).toMatchObject({ digest, score, sameAs: null });
    expect(new Set(rows.filter(({ sameAs }) => sameAs === null).map(({ digest }) => digest)).size).toBe(
      rows.length - same.length,
    );
    const weighted = rows.find(({ weights, sameAs }) => sameAs === null && new Set(weights).size > 1);
    expect((await made(search.id, weighted?.number ?? -1)).digest).toBe(weighted?.digest);
  });

  it('goes on after a restart to the same table', async () => {
    const search = await begin();
    await follow(search.job.id, 5);
    await live.tandem.close();
    await start();
    expect(await follow(search.job.id)).toBe('SUCCEEDED');
    const { rows } = await tableOf(search.id);
    expect(rows.length).toBe(14);
    expect(await tableOf(search.id)).toEqual(await tableOf(whole.id));
  });

  it('keeps its candidates when it is cancelled, and goes on under its key', async () => {
    const idempotencyKey = 'cancelled';
    const search = await begin({ idempotencyKey });
    await follow(search.job.id, 4);
    const { cancelJob } = await client.execute(CancelJobDocument, { id: search.job.id });
    expect(cancelJob.state).toBe('CANCELLED');
    const { rows } = await tableOf(search.id);
    expect(rows.length).toBeGreaterThanOrEqual(4);
    expect(rows.length).toBeLessThan(14);
    expect((await begin({ idempotencyKey })).id).toBe(search.id);
    expect(await follow(search.job.id)).toBe('SUCCEEDED');
    expect(await tableOf(search.id)).toEqual(await tableOf(whole.id));
    expect((await begin({ idempotencyKey })).job).toMatchObject({ id: search.job.id, state: 'SUCCEEDED' });
  });

  it('ends between candidates once its minutes are over', async () => {
    const search = await begin({ minutes: 1e-9 });
    expect(await follow(search.job.id)).toBe('SUCCEEDED');
    expect((await tableOf(search.id)).rows.length).toBe(1);
  });
});

describe('the command line', () => {
  it('searches, shows the front, and makes a checkpoint of the winner', async () => {
    const checkpoints = input.checkpoints.flatMap((id) => ['--checkpoint', id]);
    const sets = ['--dev', 'ir', '--dev', 'sts:dev', '--test', 'sts'];
    const given = ['--strategy', 'random', '--method', 'task-arithmetic', '--candidates', '9', '--ir-weight', '0.2'];
    const found = await runTandem(live.url, ['fuse-search', ...checkpoints, ...sets, ...given]);
    expect(found, found.stderr).toMatchObject({ code: 0, stdout: expect.stringContaining('9 of 9 candidates') });
    expect(found.stdout).toMatch(/W +(checkpoint|task-arithmetic)/);
    expect(found.stdout).toMatch(/sts test +cosine_spearman/);
    const id = found.stdout.trimEnd().split('\n').at(-1) as string;
    const { winner, candidates } = await readSearch(client, id);
    const { score, ir: search, sts: similarity } = candidates.nodes[winner?.number ?? 0] ?? {};
    expect(score).toBeCloseTo(0.2 * (search ?? 0) + 0.8 * (similarity ?? 0), 12);
    const fused = candidates.nodes.find(({ origin }) => origin === 'RANDOM')?.number;
    const made = await runTandem(live.url, ['fuse-candidate', id, '--candidate', `${fused}`, '--json']);
    expect(JSON.parse(made.stdout)).toMatchObject({ reason: 'FUSED' });
  });
});

describe('is refused', () => {
  const refused = (given: Partial<StartFusionSearchInput>) =>
    inputRefusal(live, 'startFusionSearch', 'StartFusionSearchInput', { ...input, ...given });

  it.each<[string, () => Partial<StartFusionSearchInput>, string, string]>([
    ['one checkpoint', () => ({ checkpoints: input.checkpoints.slice(0, 1) }), 'BAD_USER_INPUT', 'checkpoints'],
    ['no dev set', () => ({ devSets: [] }), 'BAD_USER_INPUT', 'devSets'],
    ['a test split', () => ({ devSets: [{ dataset: ir, split: 'TEST' }] }), 'BAD_USER_INPUT', 'devSets.0.split'],
    ['a split trained on', () => ({ devSets: [{ dataset: ir, split: 'TRAIN' }] }), 'BAD_USER_INPUT', 'devSets.0.split'],
    ['a set named twice', () => ({ testSets: [{ dataset: ir }, { dataset: ir }] }), 'CONFLICT', 'testSets.1.dataset'],
    ['weights of another sum', () => ({ weights: { ir: 0.5, sts: 0.2 } }), 'BAD_USER_INPUT', 'weights'],
    ['no method', () => ({ methods: [] }), 'BAD_USER_INPUT', 'methods'],
    ['a budget of 0', () => ({ budget: 0 }), 'BAD_USER_INPUT', 'budget'],
    ['a budget for the checkpoints alone', () => ({ budget: input.checkpoints.length }), 'BAD_USER_INPUT', 'budget'],
  ])('%s', async (_what, given, code, field) => {
    expect(await refused(given())).toEqual([code, `input.${field}`]);
  });

  it('another search under the same key', async () => {
    await begin({ budget: 5, idempotencyKey: 'once' });
    expect(await refused({ budget: 6, idempotencyKey: 'once' })).toEqual(['CONFLICT', 'input.idempotencyKey']);
  });

  it('a candidate that is a checkpoint, or is not there', async () => {
    const { id: search, job } = await begin({ budget: 5 });
    await follow(job.id);
    const fused = (candidate?: number) =>
      inputRefusal(live, 'fuseCandidate', 'FuseCandidateInput', { search, candidate });
    expect(await fused(0)).toEqual(['CONFLICT', 'input.candidate']);
    expect(await fused(7)).toEqual(['NOT_FOUND', 'input.candidate']);
  });
});

describe('deleting', () => {
  const remove = (what: string) => `mutation($id: ID!) { delete${what}(id: $id) { deletedId } }`;

  it('waits for the end of a search, which keeps its rows when its checkpoints go', async () => {
    const search = await begin({ budget: 200 });
    await follow(search.job.id, 1);
    for (const [what, id] of [
      ['FusionSearch', search.id],
      ['Checkpoint', input.checkpoints[0]],
      ['Dataset', ir],
      ['Job', search.job.id],
    ] as const) {
      expect((await refusal(live, remove(what), { id })).extensions['code'], what).toBe('CONFLICT');
    }
    await client.execute(CancelJobDocument, { id: search.job.id });
    await get(live, 'mutation($id: ID!) { deleteFusionSearch(id: $id) { deletedId } }', { id: search.id });
    const query = 'query($id: ID!) { node(id: $id) { id } }';
    expect((await refusal(live, query, { id: search.id })).extensions['code']).toBe('NOT_FOUND');
  });
});
