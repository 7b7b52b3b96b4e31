/** The steps of the quickstart, each a call or two of the public API. */
import {
  AddDocumentsDocument,
  CreateCollectionDocument,
  CreateModelDocument,
  type DatasetSizesFragment,
  DatasetTextsDocument,
  EvaluateBagOfWordsDocument,
  EvaluateCheckpointDocument,
  type EvaluationFiguresFragment,
  FuseCheckpointsDocument,
  type FusionMethod,
  ImportDatasetDocument,
  RunDocument,
  SearchDocument,
  StartRunDocument,
  type TandemClient,
  type Task,
} from '../../client/index.ts';
import { RunNotSucceeded } from '../exit-codes.ts';
import { followRun, type RunStep } from '../follow.ts';
import { architecture, hitsShown, maxLength, runSettings, templates, vocabularySize } from './settings.ts';

/** Main figures of both tasks as fractions of 1; null = undefined. */
export interface Scores {
  readonly ndcgAt10: number | null;
  readonly spearman: number | null;
}

export interface SampleData {
  readonly ir: DatasetSizesFragment;
  readonly sts: DatasetSizesFragment;
}

export async function importSample(client: TandemClient, seed: number): Promise<SampleData> {
  const importOne = async (task: Task, name: string): Promise<DatasetSizesFragment> => {
    const input = { name, source: { sample: { task, seed } } };
    return (await client.execute(ImportDatasetDocument, { input })).importDataset.dataset;
  };
  return { ir: await importOne('IR', 'sample-search'), sts: await importOne('STS', 'sample-similarity') };
}

export async function createModel(client: TandemClient, data: SampleData, seed: number) {
  const input = {
    name: 'quickstart',
    architecture,
    vocabularyFrom: [data.ir.id, data.sts.id],
    vocabularySize,
    maxLength,
    templates,
    seed,
  };
  return (await client.execute(CreateModelDocument, { input })).createModel.model;
}

export interface TrainedRun {
  readonly id: string;
  readonly steps: readonly RunStep[];
  /** Checkpoints of the epochs, in order; without checkpoint 0. */
  readonly checkpoints: readonly { readonly id: string; readonly epoch: number }[];
}

/** Trains to the end; a run that does not succeed is an error. */
export async function train(
  client: TandemClient,
  data: SampleData,
  model: string,
  seed: number,
  quiet: boolean,
): Promise<TrainedRun> {
  const datasets = [{ dataset: data.ir.id }, { dataset: data.sts.id }];
  const input = { name: 'quickstart', model, datasets, settings: runSettings(seed) };
  const { startRun } = await client.execute(StartRunDocument, { input });
  const { id } = startRun.run;
  const { steps, ended } = await followRun(client, id, { quiet });
  if (ended.state !== 'SUCCEEDED')
    throw new RunNotSucceeded(`the run ended as ${ended.state}: ${ended.error?.message ?? ended.cause}`);
  const { run } = await client.execute(RunDocument, { id });
  const checkpoints = (run?.checkpoints.nodes ?? [])
    .filter(({ reason }) => reason === 'EPOCH')
    .sort((a, b) => a.step - b.step);
  return { id, steps, checkpoints };
}

export async function evaluate(client: TandemClient, data: SampleData, checkpoint: string): Promise<Scores> {
  const input = { checkpoint: { id: checkpoint }, datasets: [data.ir.id, data.sts.id], split: 'TEST' as const };
  return scoresOf((await client.execute(EvaluateCheckpointDocument, { input })).evaluateCheckpoint.evaluations);
}

export async function evaluateBagOfWords(client: TandemClient, data: SampleData): Promise<Scores> {
  const input = { datasets: [data.ir.id, data.sts.id], split: 'TEST' as const };
  return scoresOf((await client.execute(EvaluateBagOfWordsDocument, { input })).evaluateBagOfWords.evaluations);
}

function scoresOf(evaluations: readonly EvaluationFiguresFragment[]): Scores {
  const mainOf = (task: Task): number | null =>
    evaluations.find((evaluation) => evaluation.task === task)?.main.value ?? null;
  return { ndcgAt10: mainOf('IR'), spearman: mainOf('STS') };
}

export async function fuse(
  client: TandemClient,
  method: FusionMethod,
  checkpoints: readonly string[],
): Promise<string> {
  const input = { method, checkpoints: [...checkpoints] };
  return (await client.execute(FuseCheckpointsDocument, { input })).fuseCheckpoints.checkpoint.id;
}

export interface Search {
  readonly query: string;
  readonly hits: readonly { readonly text: string; readonly score: number }[];
}

/** Embeds the test documents as a collection and searches it with three queries of the test split. */
export async function searchCollection(
  client: TandemClient,
  data: SampleData,
  checkpoint: string,
  name: string,
): Promise<Search[]> {
  const { dataset } = await client.execute(DatasetTextsDocument, { id: data.ir.id, split: 'TEST', first: 1000 });
  if (!dataset) throw new Error('the sample data set is gone');
  const { createCollection } = await client.execute(CreateCollectionDocument, {
    input: { name, checkpoint: { id: checkpoint } },
  });
  const collection = createCollection.collection.id;
  const documents = dataset.documents.nodes.map(({ key, text }) => ({ key, text: text.text }));
  await client.execute(AddDocumentsDocument, { input: { collection, documents } });
  const searches: Search[] = [];
  for (const record of spread(dataset.records.nodes, 3)) {
    const query = record.query.text;
    const { search } = await client.execute(SearchDocument, { collection, query, k: hitsShown });
    searches.push({ query, hits: search.hits.map(({ score, document }) => ({ text: document.text, score })) });
  }
  return searches;
}

/** `count` items, evenly spread over a list. */
const spread = <T>(items: readonly T[], count: number): T[] =>
  Array.from({ length: Math.min(count, items.length) }, (_, i) => items[Math.floor((i * items.length) / count)]);
