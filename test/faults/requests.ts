/** Calls of the public API that several faults make, and what they ask about jobs. */
import { createHash } from 'node:crypto';
import {
  AddDocumentsDocument,
  CheckpointsDocument,
  CreateModelDocument,
  DeriveModelDocument,
  EvaluateCheckpointDocument,
  ExportCheckpointDocument,
  type ExportCheckpointInput,
  FuseCheckpointsDocument,
  ImportDatasetDocument,
  ImportModelDocument,
  type ImportSource,
  StartRunDocument,
  type TandemClient,
  TypedDocumentString,
} from '../../src/client/index.ts';

/** The key under which a request may be repeated; undefined = it may not. */
type Key = string | undefined;
const keyed = (key: Key) => (key === undefined ? {} : { idempotencyKey: key });

export async function importDataset(client: TandemClient, name: string, source: ImportSource, key: Key) {
  const { importDataset: made } = await client.execute(ImportDatasetDocument, {
    input: { name, source, ...keyed(key) },
  });
  return made;
}

export interface ModelWish {
  readonly name: string;
  readonly dataset: string;
  readonly seed: number;
  readonly maxPositions: number;
  readonly width: number;
  readonly vocabularySize: number;
}

export async function createModel(client: TandemClient, wish: ModelWish, key: Key) {
  const { name, dataset, seed, maxPositions, width, vocabularySize } = wish;
  const architecture = { layers: 1, width, heads: Math.max(2, width / 64), innerWidth: 2 * width, maxPositions };
  const input = { name, seed, architecture, vocabularyFrom: [dataset], vocabularySize, maxLength: 64, ...keyed(key) };
  return (await client.execute(CreateModelDocument, { input })).createModel.model;
}

export async function importModel(client: TandemClient, name: string, folder: string, key: Key) {
  const input = { name, source: { folder }, ...keyed(key) };
  return (await client.execute(ImportModelDocument, { input })).importModel.model;
}

/** With a head of each task. */
export async function deriveModel(client: TandemClient, name: string, model: string, key: Key) {
  const input = { name, model, heads: { ir: 'DENSE' as const, sts: 'DENSE' as const }, ...keyed(key) };
  return (await client.execute(DeriveModelDocument, { input })).deriveModel.model;
}

export async function evaluate(client: TandemClient, checkpoint: string, datasets: readonly string[], key: Key) {
  const input = { checkpoint: { id: checkpoint }, datasets: [...datasets], split: 'TEST' as const, ...keyed(key) };
  return (await client.execute(EvaluateCheckpointDocument, { input })).evaluateCheckpoint.evaluations;
}

/** `power` makes fusions of the same checkpoints differ. */
export async function fuse(client: TandemClient, checkpoints: readonly string[], power: number, key: Key) {
  const input = {
    method: 'DELTA_GUIDED' as const,
    checkpoints: [...checkpoints],
    parameters: { power },
    ...keyed(key),
  };
  return (await client.execute(FuseCheckpointsDocument, { input })).fuseCheckpoints.checkpoint;
}

export interface GivenDocument {
  readonly key: string;
  readonly text: string;
}

export async function addDocuments(
  client: TandemClient,
  collection: string,
  documents: readonly GivenDocument[],
  key: Key,
) {
  const input = { collection, documents: [...documents], ...keyed(key) };
  return (await client.execute(AddDocumentsDocument, { input })).addDocuments;
}

export async function exportCheckpoint(client: TandemClient, checkpoint: string, folder: string, key: Key) {
  const input: ExportCheckpointInput = { checkpoint: { id: checkpoint }, folder, ...keyed(key) };
  return (await client.execute(ExportCheckpointDocument, { input })).exportCheckpoint;
}

export interface RunWish {
  readonly name: string;
  readonly model: string;
  readonly dataset: string;
  readonly seed: number;
  readonly batches: number;
  /** Updates from one checkpoint to the next. */
  readonly every: number;
}

/** Returns the run's id. */
export async function startRun(client: TandemClient, wish: RunWish, key: Key): Promise<string> {
  const { name, model, dataset, seed, batches, every } = wish;
  const settings = { seed, maxBatches: batches, checkpointEverySteps: every, stsBatchSize: 16, maxLength: 32 };
  const input = { name, model, datasets: [{ dataset }], settings, ...keyed(key) };
  return (await client.execute(StartRunDocument, { input })).startRun.run.id;
}

/** The checkpoints of a run, in the order in which they were made. */
export async function checkpointsOf(client: TandemClient, run: string) {
  const { checkpoints } = await client.execute(CheckpointsDocument, { filter: { run }, first: 1000 });
  return checkpoints.nodes;
}

export interface JobOfKey {
  readonly id: string;
  readonly state: string;
  readonly createdAt: string;
  readonly finishedAt: string | null;
  readonly error: { readonly code: string; readonly message: string; readonly reason: string | null } | null;
}

const JobsDocument = new TypedDocumentString<
  { readonly jobs: { readonly nodes: readonly JobOfKey[] } },
  { readonly filter: { readonly idempotencyKey?: string; readonly state?: string } }
>(`query FaultsJobs($filter: JobFilter) {
  jobs(filter: $filter, first: 20) {
    nodes { id state createdAt finishedAt error { code message reason } }
  }
}`);

/** The jobs that were begun under a key: one, or none yet. */
export async function jobsOf(client: TandemClient, key: string): Promise<readonly JobOfKey[]> {
  return (await client.execute(JobsDocument, { filter: { idempotencyKey: key } })).jobs.nodes;
}

export async function jobsIn(client: TandemClient, state: string): Promise<readonly JobOfKey[]> {
  return (await client.execute(JobsDocument, { filter: { state } })).jobs.nodes;
}

export interface AttemptOfJob {
  readonly number: number;
  readonly outcome: string | null;
  readonly createdAt: string;
  readonly endedAt: string | null;
}

const AttemptsDocument = new TypedDocumentString<
  { readonly job: { readonly attempts: readonly AttemptOfJob[] } | null },
  { readonly id: string }
>(`query FaultsAttempts($id: ID!) {
  job(id: $id) {
    attempts { number outcome createdAt endedAt }
  }
}`);

export async function attemptsOf(client: TandemClient, id: string): Promise<readonly AttemptOfJob[]> {
  return (await client.execute(AttemptsDocument, { id })).job?.attempts ?? [];
}

const lists = ['datasets', 'models', 'checkpoints', 'evaluations', 'collections', 'runs', 'jobs'] as const;
type Totals = Readonly<Record<(typeof lists)[number], { readonly totalCount: number }>>;

const TotalsDocument = new TypedDocumentString<Totals, Record<string, never>>(
  `query FaultsTotals { ${lists.map((list) => `${list}(first: 0) { totalCount }`).join(' ')} }`,
);

/** How many rows there are of each list. */
export async function totalsOf(client: TandemClient): Promise<Record<string, number>> {
  const totals = await client.execute(TotalsDocument, {});
  return Object.fromEntries(lists.map((list) => [list, totals[list].totalCount]));
}

const RunsOfNameDocument = new TypedDocumentString<
  { readonly runs: { readonly nodes: readonly (JobOfKey & { readonly name: string })[] } },
  Record<string, never>
>(`query FaultsRuns {
  runs(first: 1000) {
    nodes { id name state createdAt finishedAt error { code message reason } }
  }
}`);

export async function runsNamed(client: TandemClient, name: string): Promise<readonly JobOfKey[]> {
  const { runs } = await client.execute(RunsOfNameDocument, {});
  return runs.nodes.filter((run) => run.name === name);
}

interface DocumentsPage {
  readonly collection: {
    readonly documents: {
      readonly nodes: readonly unknown[];
      readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
    };
  } | null;
}

const DocumentsDocument = new TypedDocumentString<
  DocumentsPage,
  { readonly id: string; readonly after: string | null }
>(`query FaultsDocuments($id: ID!, $after: String) {
  collection(id: $id) {
    documents(first: 1000, after: $after) {
      nodes { key text embedding { tokens base64 } }
      pageInfo { hasNextPage endCursor }
    }
  }
}`);

/** How many documents there are, and the digest of their texts and vectors. */
export async function documentsOf(client: TandemClient, id: string): Promise<{ count: number; digest: string }> {
  const hash = createHash('sha256');
  let count = 0;
  for (let after: string | null = null; ; ) {
    const page: DocumentsPage = await client.execute(DocumentsDocument, { id, after });
    const { nodes, pageInfo } = page.collection!.documents;
    hash.update(JSON.stringify(nodes));
    count += nodes.length;
    after = pageInfo.endCursor;
    if (!pageInfo.hasNextPage) return { count, digest: hash.digest('hex') };
  }
}
