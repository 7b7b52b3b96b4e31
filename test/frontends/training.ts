/** Small real things that a page can show: pairs to train on, runs of them, and documents to search. */
import {
  AddDocumentsDocument,
  CreateCollectionDocument,
  createClient,
  ImportDatasetDocument,
  RunEventsDocument,
  StartRunDocument,
  type TandemClient,
} from 'tandem-client';

const parts = ['pump', 'valve', 'fan', 'belt', 'gear', 'motor'];
const faults = ['leaks oil', 'makes noise', 'runs hot', 'is stuck'];

/** Pairs of texts, 5 = of the same part, else less, as the API takes them; each part's last fault is for the test. */
export const pairs = parts.flatMap((part, i) =>
  faults.map((fault, j) => ({
    task: 'STS' as const,
    split: j === 3 ? ('TEST' as const) : ('TRAIN' as const),
    query: { text: `the ${part} ${fault}` },
    positives: [
      { text: { text: `this ${(i + j) % 2 ? parts[(i + 1) % 6] : part} ${fault}` }, score: (i + j) % 2 ? i % 3 : 5 },
    ],
  })),
);

export interface Training {
  readonly client: TandemClient;
  /** Id of the data set of {@link pairs}. */
  readonly dataset: string;
  /** Starts a run of the tiny model that makes so many updates; its id. */
  train(name: string, updates: number): Promise<string>;
  /** Waits for the end of a run; the id of its checkpoint. */
  end(run: string): Promise<string>;
}

/** Imports the pairs under a name; what trains begins with the checkpoint of this alias. */
export async function prepareTraining(url: string, alias: string, name: string): Promise<Training> {
  const client = createClient({ url });
  const input = { name, source: { records: pairs }, scaleLow: 0, scaleHigh: 5 };
  const { importDataset } = await client.execute(ImportDatasetDocument, { input });
  const dataset = importDataset.dataset.id;
  return {
    client,
    dataset,
    async train(title, updates) {
      // One batch an epoch, and a checkpoint at the end.
      const sizes = { epochs: updates, maxBatches: updates, checkpointEverySteps: updates, stsBatchSize: 18 };
      const settings = { ...sizes, optimizer: { learningRate: 0.01 } };
      const run = { name: title, checkpoint: { alias }, datasets: [{ dataset }], settings };
      return (await client.execute(StartRunDocument, { input: run })).startRun.run.id;
    },
    async end(run) {
      let checkpoint: string | undefined;
      for await (const { runEvents } of client.subscribe(RunEventsDocument, { runId: run })) {
        if (runEvents.__typename === 'RunCheckpoint') checkpoint = runEvents.checkpoint?.id;
      }
      if (checkpoint === undefined) throw new Error(`run ${run} ended without a checkpoint`);
      return checkpoint;
    },
  };
}

/** A collection with one document for each fault of each part. */
export async function makeDocuments(client: TandemClient, alias: string, name: string): Promise<void> {
  const { createCollection } = await client.execute(CreateCollectionDocument, {
    input: { name, checkpoint: { alias } },
  });
  const documents = parts.flatMap((part) =>
    faults.map((fault) => ({ key: `${part}-${fault.replace(' ', '-')}`, text: `The ${part} ${fault}.` })),
  );
  await client.execute(AddDocumentsDocument, { input: { collection: createCollection.collection.id, documents } });
}
