/** What the tests of the live service share: two data sets and a model that was trained on both. No test changes it. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient, RunEventsDocument } from '../../../src/client/index.ts';
import { type Config, loadConfig } from '../../../src/config.ts';
import { openSilentHub } from '../../silent-hub.ts';
import { get, type Live, limits, type Made, type Served, serve } from './harness.ts';

const parts = ['pump', 'valve', 'fan', 'belt', 'gear', 'motor'];
const faults = ['leaks oil', 'makes noise', 'runs hot', 'is stuck'];

export const plain = (text: string) => ({ text });
export const graded = (text: string, score: number) => ({ text: plain(text), score });

/** 24 questions, the last six for test; the answer names the same part and fault. */
export const irRecords = parts.flatMap((part, i) =>
  faults.map((fault, j) => ({
    task: 'IR',
    split: j === 3 ? 'TEST' : 'TRAIN',
    query: plain(`why the ${part} ${fault}`),
    positives: [graded(`The ${part} ${fault}: replace its seal ${i}${j}.`, 1)],
    negatives: [graded(`The ${parts[(i + 1) % 6]} ${faults[(j + 1) % 4]}: call the fitter ${i}${j}.`, 0)],
  })),
);

/** 24 pairs with a grade from 0 to 5. */
export const stsRecords = parts.flatMap((part, i) =>
  faults.map((fault, j) => ({
    task: 'STS',
    split: j === 3 ? 'TEST' : 'TRAIN',
    query: plain(`the ${part} ${fault}`),
    positives: [
      graded(j % 2 === 0 ? `this ${part} ${fault}` : `this ${parts[(i + 2) % 6]} works`, j % 2 === 0 ? 5 : i % 3),
    ],
  })),
);

/** The records of the test split as those of a dev split, for a data set of its own. */
export const asDev = (records: readonly { readonly split: string }[]) =>
  records.filter(({ split }) => split === 'TEST').map((record) => ({ ...record, split: 'DEV' }));

export const architecture = { layers: 1, width: 16, heads: 2, innerWidth: 32, maxPositions: 32 };

/** One epoch of three batches a data set. */
export const settings = {
  epochs: 1,
  irBatchSize: 6,
  stsBatchSize: 6,
  positives: 1,
  negatives: 1,
  maxLength: 24,
  dropout: 0,
  attentionDropout: 0,
  optimizer: { learningRate: 0.01 },
};

/** Starts the service on a data folder of its own and trains the fixture. */
export async function startLive(): Promise<Live> {
  const dataDir = await mkdtemp(join(tmpdir(), 'tandem-live-'));
  const hub = await openSilentHub();
  const own = { TANDEM_DATA: dataDir, TANDEM_PORT: '0', HF_ENDPOINT: hub.url, HF_HUB_OFFLINE: undefined };
  const config: Config = { ...loadConfig({ ...process.env, ...own }), limits };
  const served = await serve(config);
  return { ...served, hub, made: await makeFixture(served) };
}

async function makeFixture(live: Served): Promise<Made> {
  const ir = await importRecords(live, 'ir', irRecords);
  const sts = await importRecords(live, 'sts', stsRecords, 5);
  const spec = { name: 'tiny', vocabularyFrom: [ir, sts], vocabularySize: 200, maxLength: 24, architecture };
  const { id: model } = await createModel(live, spec);
  const datasets = [{ dataset: ir }, { dataset: sts, weight: 1 }];
  const run = await startRun(live, { name: 'fixture', model, datasets, settings });
  return { ir, sts, model, run, checkpoints: await checkpointsOf(live, run) };
}

/** Imports records; the data set's id. */
export async function importRecords(
  live: Served,
  name: string,
  records: readonly object[],
  scaleHigh?: number,
): Promise<string> {
  const mutation = 'mutation($input: ImportDatasetInput!) { importDataset(input: $input) { dataset { id } } }';
  const input = { name, source: { records }, ...(scaleHigh === undefined ? {} : { scaleHigh }) };
  const { importDataset } = await get<{ importDataset: { dataset: { id: string } } }>(live, mutation, { input });
  return importDataset.dataset.id;
}

interface CreatedModel {
  readonly id: string;
  readonly checkpoint: { readonly id: string };
}

export async function createModel(live: Served, input: object): Promise<CreatedModel> {
  const mutation =
    'mutation($input: CreateModelInput!) { createModel(input: $input) { model { id checkpoint { id } } } }';
  return (await get<{ createModel: { model: CreatedModel } }>(live, mutation, { input })).createModel.model;
}

/** Starts a run; its id. */
export async function startRun(live: Served, input: object): Promise<string> {
  const mutation = 'mutation($input: StartRunInput!) { startRun(input: $input) { run { id } } }';
  return (await get<{ startRun: { run: { id: string } } }>(live, mutation, { input })).startRun.run.id;
}

/** Waits for the end of a run; the ids of its checkpoints, oldest first. */
export async function checkpointsOf(live: Served, run: string): Promise<string[]> {
  for await (const _event of createClient({ url: live.url }).subscribe(RunEventsDocument, { runId: run }));
  const query = 'query($id: ID!) { run(id: $id) { checkpoints { nodes { id } } } }';
  const found = await get<{ run: { checkpoints: { nodes: { id: string }[] } } }>(live, query, { id: run });
  return found.run.checkpoints.nodes.map(({ id }) => id);
}

/** Fuses checkpoints uniformly; the id of the new one. */
export async function fuse(live: Served, checkpoints: readonly string[]): Promise<string> {
  const mutation = 'mutation($input: FuseCheckpointsInput!) { fuseCheckpoints(input: $input) { checkpoint { id } } }';
  const input = { checkpoints, method: 'UNIFORM_SOUP' };
  return (await get<{ fuseCheckpoints: { checkpoint: { id: string } } }>(live, mutation, { input })).fuseCheckpoints
    .checkpoint.id;
}

export async function createCollection(live: Served, input: object): Promise<string> {
  const mutation = 'mutation($input: CreateCollectionInput!) { createCollection(input: $input) { collection { id } } }';
  return (await get<{ createCollection: { collection: { id: string } } }>(live, mutation, { input })).createCollection
    .collection.id;
}
