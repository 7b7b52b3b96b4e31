/** The things on the server under attack whose ids valid requests name; what an attack deletes is made again. */
import { CreateCollectionDocument, type TandemClient, TypedDocumentString } from '../../../src/client/index.ts';
import { addDocuments, createModel, evaluate, importDataset, startRun } from '../requests.ts';
import { recordOf, textOf } from '../texts.ts';

const lists = {
  ...{ Dataset: 'datasets', Model: 'models', Checkpoint: 'checkpoints', Evaluation: 'evaluations' },
  ...{ Collection: 'collections', Run: 'runs', Job: 'jobs' },
} as const;

export type PoolType = keyof typeof lists;
export const poolTypes = Object.keys(lists) as PoolType[];

/** Ids by type, and cursors of pages. */
export interface Pool {
  readonly ids: Readonly<Record<PoolType, readonly string[]>>;
  readonly cursors: readonly string[];
}

interface Connection {
  readonly edges: readonly {
    readonly cursor: string;
    readonly node: { readonly id: string; readonly state?: string };
  }[];
}

const fields = (type: PoolType): string => (type === 'Run' || type === 'Job' ? 'id state' : 'id');
const PoolDocument = new TypedDocumentString<Readonly<Record<string, Connection>>, Record<string, never>>(
  `query FaultsPool {
    own: datasets(filter: { name: "fuzz" }, first: 1) { edges { cursor node { id } } }
    ${poolTypes.map((type) => `${lists[type]}(first: 40) { edges { cursor node { ${fields(type)} } } }`).join(' ')}
  }`,
);

const CancelDocument = new TypedDocumentString<unknown, { id: string }>(
  'mutation FaultsCancel($id: ID!) { cancelJob(id: $id) { id } }',
);

const read = (client: TandemClient) => client.execute(PoolDocument, {});

/** Ends what an attack began, so that the device is idle, makes what is missing, and reads the ids. */
export async function refresh(client: TandemClient): Promise<Pool> {
  const found = await read(client);
  for (const { node } of found['jobs']!.edges)
    if (node.state === 'RUNNING' || node.state === 'QUEUED')
      await client.execute(CancelDocument, { id: node.id }).catch(() => {});
  // A data set of another name need not have what is evaluated.
  const first = (list: string) => found[list]!.edges[0]?.node.id;
  await makeMissing(client, first('own'), (type) => first(lists[type]));
  const now = await read(client);
  const idsOf = (type: PoolType): string[] => now[lists[type]]!.edges.map(({ node }) => node.id);
  return {
    ids: Object.fromEntries(poolTypes.map((type) => [type, idsOf(type)])) as Record<PoolType, string[]>,
    cursors: Object.values(now).flatMap(({ edges }) => edges.slice(0, 2).map(({ cursor }) => cursor)),
  };
}

async function makeMissing(
  client: TandemClient,
  own: string | undefined,
  first: (type: PoolType) => string | undefined,
): Promise<void> {
  const records = Array.from({ length: 60 }, (_, i) => recordOf(i, 8));
  const dataset = own ?? (await importDataset(client, 'fuzz', { records }, undefined)).dataset.id;
  const sizes = { vocabularySize: 128, maxPositions: 64, width: 32 };
  const model =
    first('Model') ?? (await createModel(client, { name: 'fuzz', dataset, seed: 1, ...sizes }, undefined)).id;
  if (!first('Run')) await startRun(client, { name: 'fuzz', model, dataset, seed: 1, batches: 2, every: 1 }, undefined);
  const checkpoint = await initialOf(client, model);
  if (!first('Evaluation')) await evaluate(client, checkpoint, [dataset], undefined);
  if (first('Collection')) return;
  const input = { name: 'fuzz', checkpoint: { id: checkpoint } };
  const { createCollection } = await client.execute(CreateCollectionDocument, { input });
  const documents = Array.from({ length: 20 }, (_, i) => ({ key: `key ${i}`, text: textOf(i, 8) }));
  await addDocuments(client, createCollection.collection.id, documents, undefined);
}

async function initialOf(client: TandemClient, id: string): Promise<string> {
  const document = new TypedDocumentString<{ model: { checkpoint: { id: string } } }, { id: string }>(
    'query FaultsInitial($id: ID!) { model(id: $id) { checkpoint { id } } }',
  );
  return (await client.execute(document, { id })).model.checkpoint.id;
}
