/** Everything that reads the files of a data folder, asked through the public API, and what it answers. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  AddDocumentsDocument,
  ApiError,
  CreateCollectionDocument,
  DatasetTextsDocument,
  EmbedDocument,
  EvaluateBagOfWordsDocument,
  ResumeRunDocument,
  SearchDocument,
  type TandemClient,
  VerificationDocument,
} from '../../src/client/index.ts';
import { filesIn } from './files.ts';
import { checkpointsOf, createModel, evaluate, exportCheckpoint, fuse, importDataset, startRun } from './requests.ts';
import { until } from './strike.ts';
import { recordOf, textOf } from './texts.ts';
import { runOf } from './training.ts';

/** Ids of what a data folder holds. */
export interface Holdings {
  readonly datasets: readonly string[];
  /** Trained checkpoints of one model. */
  readonly checkpoints: readonly string[];
  readonly collection: string;
  /** A run that was interrupted. */
  readonly run: string;
  /** The key of an import whose records wait in storage. */
  readonly key: string;
}

const batches = 8;

/** Records of similarity, a part of them for test. */
const records = (seed: number, count: number) =>
  Array.from({ length: count }, (_, i) => ({
    ...recordOf(seed + i, 8),
    split: i % 4 === 0 ? ('TEST' as const) : ('TRAIN' as const),
  }));

/** Records of search, a part of them for test. */
const questions = (count: number) =>
  Array.from({ length: count }, (_, i) => ({
    task: 'IR' as const,
    split: i % 4 === 0 ? ('TEST' as const) : ('TRAIN' as const),
    query: { text: textOf(2_000 + i, 5) },
    positives: [{ text: { text: textOf(3_000 + i, 9) } }],
    negatives: [{ text: { text: textOf(4_000 + i, 9) } }],
  }));

/** The same records on every server, many enough that the import is struck before it has ended. */
const inline = () => ({ records: records(900_000, 6_000) });

/** Makes all but the interrupted run and the waiting import. */
export async function makeHoldings(client: TandemClient): Promise<Omit<Holdings, 'run' | 'key'> & { model: string }> {
  const bring = async (name: string, source: Parameters<typeof importDataset>[2]) =>
    (await importDataset(client, name, source, undefined)).dataset.id;
  const similarity = await bring('similarity', { records: records(1, 80) });
  const search = await bring('search', { records: questions(40) });
  const wish = { name: 'model', dataset: similarity, seed: 1, vocabularySize: 256, maxPositions: 64, width: 32 };
  const { id: model } = await createModel(client, wish, undefined);
  const run = { name: 'trained', model, dataset: similarity, seed: 1, batches: 4, every: 2 };
  const trained = await startRun(client, run, undefined);
  await untilStill(client, trained);
  const checkpoints = (await checkpointsOf(client, trained)).filter(({ step }) => step > 0).map(({ id }) => id);
  const made = { name: 'documents', checkpoint: { id: checkpoints[0]! } };
  const { createCollection } = await client.execute(CreateCollectionDocument, { input: made });
  const collection = createCollection.collection.id;
  const documents = Array.from({ length: 40 }, (_, i) => ({ key: `${i}`, text: textOf(500 + i, 8) }));
  await client.execute(AddDocumentsDocument, { input: { collection, documents } });
  return { datasets: [similarity, search], checkpoints, collection, model };
}

/** Starts the run that is to be interrupted; resolves once it has checkpoints to go back to. */
export async function startLongRun(client: TandemClient, model: string, dataset: string): Promise<string> {
  const run = await startRun(client, { name: 'interrupted', model, dataset, seed: 2, batches, every: 2 }, undefined);
  await until('a third checkpoint', async () => (await checkpointsOf(client, run)).length >= 3 || undefined);
  return run;
}

/** Asks for the import that is to wait; resolves once its records lie in storage. Whether it ends is not waited for. */
export async function startImport(client: TandemClient, dataDir: string, key: string): Promise<void> {
  importDataset(client, 'inline', inline(), key).catch(() => {});
  const payloads = join(dataDir, 'objects/payloads');
  await until('a payload', async () => (await readdir(payloads).catch(() => []))[0]);
}

/** Resolves with the state in which the run stays. */
async function untilStill(client: TandemClient, run: string): Promise<string> {
  for (;;) {
    const { state } = await runOf(client, run);
    if (state !== 'QUEUED' && state !== 'RUNNING') return state;
    await sleep(50);
  }
}

/** What one use answered, and how often it was refused because a file is damaged. */
export interface Answer {
  readonly value: unknown;
  readonly refusals: number;
}

type Use = (client: TandemClient, held: Holdings, dataDir: string) => Promise<unknown>;

const uses: Readonly<Record<string, Use>> = {
  records: async (client, { datasets }) => {
    const splits = ['TRAIN', 'TEST'] as const;
    const asked = datasets.flatMap((id) => splits.map((split) => ({ id, split, first: 100 })));
    return Promise.all(asked.map((variables) => client.execute(DatasetTextsDocument, variables)));
  },
  embed: async (client, { checkpoints }) => {
    const texts = [textOf(1, 6), textOf(2, 6)];
    const asked = checkpoints.map((id) => client.execute(EmbedDocument, { texts, checkpoint: { id } }));
    return (await Promise.all(asked)).map(({ embed }) => embed.embeddings);
  },
  search: async (client, { collection }) =>
    (await client.execute(SearchDocument, { collection, query: textOf(510, 8) })).search,
  evaluate: async (client, { checkpoints, datasets }) =>
    (await evaluate(client, checkpoints[0]!, datasets, undefined)).map(({ metrics }) => metrics),
  baseline: async (client, { datasets }) => {
    const input = { datasets: [...datasets], split: 'TEST' as const };
    const { evaluateBagOfWords } = await client.execute(EvaluateBagOfWordsDocument, { input });
    return evaluateBagOfWords.evaluations.map(({ metrics }) => metrics);
  },
  fuse: async (client, { checkpoints }) => (await fuse(client, checkpoints, 1, undefined)).digest,
  export: async (client, { checkpoints }, dataDir) => {
    await exportCheckpoint(client, checkpoints[1]!, 'exported', undefined);
    return (await filesIn(dataDir)).filter((file) => file.startsWith('export/'));
  },
  import: async (client, { key }) => (await importDataset(client, 'inline', inline(), key)).dataset.id.length > 0,
};

/** Asks for every use. A use that is refused for a damaged file has the value null; any other error is thrown. */
export async function answersOf(
  client: TandemClient,
  held: Holdings,
  dataDir: string,
): Promise<Record<string, Answer>> {
  const answers: Record<string, Answer> = {};
  for (const [name, use] of Object.entries(uses)) {
    answers[name] = await use(client, held, dataDir).then(
      (value) => ({ value, refusals: 0 }),
      (error: unknown) => {
        if (isDamage(error)) return { value: null, refusals: 1 };
        throw error;
      },
    );
  }
  return { ...answers, resume: await resumeToEnd(client, held.run) };
}

const isDamage = (error: unknown): boolean =>
  error instanceof ApiError &&
  error.code === 'UNAVAILABLE' &&
  error.extensions.reason === 'damaged-file' &&
  error.extensions.remedy !== undefined;

/** Resumed as people would, as long as its error tells that another checkpoint is gone back to. */
async function resumeToEnd(client: TandemClient, run: string): Promise<Answer> {
  for (let refusals = 0; ; refusals++) {
    await client.execute(ResumeRunDocument, { id: run });
    const state = await untilStill(client, run);
    if (state === 'SUCCEEDED') {
      // Which checkpoints lie before the last one depends on where it went on from.
      const [last] = [...(await checkpointsOf(client, run))].sort((a, b) => b.step - a.step);
      return { value: [last?.step, last?.digest], refusals };
    }
    const { error } = await runOf(client, run);
    if (state !== 'INTERRUPTED' || error?.code !== 'UNAVAILABLE' || !error.message.includes('is damaged')) {
      throw new Error(`the run is ${state}: ${error?.code} ${error?.message}`);
    }
    if (refusals === 3 || !error.remedy?.startsWith('Resume the run')) return { value: null, refusals: refusals + 1 };
  }
}

/** Paths of the files that a verification calls damaged. */
export async function damagedIn(client: TandemClient): Promise<string[]> {
  const paths: string[] = [];
  for await (const { verification } of client.subscribe(VerificationDocument, {})) {
    for (const { kind, path } of verification.findings) if (kind !== 'UNNAMED') paths.push(path);
  }
  return paths;
}

/** A file's bytes; undefined = it is gone. */
export const bytesOf = (path: string): Promise<Buffer | undefined> => readFile(path).catch(() => undefined);
