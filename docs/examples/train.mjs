// Imports two small data sets, trains one encoder on both, prints its progress, and evaluates what came out.
// Start the service with `npm start`, then run: node docs/examples/train.mjs
import {
  CreateModelDocument,
  createClient,
  EvaluateCheckpointDocument,
  ImportDatasetDocument,
  RunEventsDocument,
  StartRunDocument,
} from 'tandem/client';

const client = createClient({ url: process.env.TANDEM_URL ?? 'http://127.0.0.1:4000' });

const parts = ['pump', 'valve', 'fan', 'belt', 'gear', 'motor'];
const faults = ['leaks oil', 'makes noise', 'runs hot', 'is stuck'];
/** Every fault of every part; each part's last fault is kept for the test. */
const cases = parts.flatMap((part, i) =>
  faults.map((fault, j) => ({ part, fault, other: parts[(i + 1) % 6], split: j === 3 ? 'TEST' : 'TRAIN' })),
);

// Search: a question, texts that answer it (positives) and texts that do not (negatives).
const questions = cases.map(({ part, fault, other, split }) => ({
  task: 'IR',
  split,
  query: { text: `why the ${part} ${fault}` },
  positives: [{ text: { text: `The ${part} ${fault}: replace its seal.` }, score: 1 }],
  negatives: [{ text: { text: `The ${other} ${fault}: call the fitter.` }, score: 0 }],
}));

// Similarity: two texts and a grade of how much they mean the same, here from 0 to 5.
const pairs = cases.map(({ part, fault, other, split }, i) => ({
  task: 'STS',
  split,
  query: { text: `the ${part} ${fault}` },
  positives: [{ text: { text: `this ${i % 2 === 0 ? part : other} ${fault}` }, score: i % 2 === 0 ? 5 : 1 + (i % 3) }],
}));

async function importRecords(name, records, scale = {}) {
  const input = { name, source: { records }, ...scale };
  const { importDataset } = await client.execute(ImportDatasetDocument, { input });
  return importDataset.dataset.id;
}

const search = await importRecords('example questions', questions);
const similarity = await importRecords('example pairs', pairs, { scaleLow: 0, scaleHigh: 5 });

const { createModel } = await client.execute(CreateModelDocument, {
  input: {
    name: 'example',
    vocabularyFrom: [search, similarity],
    vocabularySize: 200,
    maxLength: 24,
    architecture: { layers: 1, width: 16, heads: 2, innerWidth: 32, maxPositions: 32 },
  },
});

// Sizes for so little data. Leave settings out, and the defaults are the paper's.
const settings = {
  epochs: 2,
  irBatchSize: 6,
  stsBatchSize: 6,
  positives: 1,
  negatives: 1,
  maxLength: 24,
  optimizer: { learningRate: 0.01 },
};
const { startRun } = await client.execute(StartRunDocument, {
  input: { model: createModel.model.id, datasets: [{ dataset: search }, { dataset: similarity }], settings },
});

// The events are kept in the database: a reader that was cut off goes on behind the last event that it has seen.
let checkpoint;
for await (const { runEvents: event } of client.subscribe(RunEventsDocument, { runId: startRun.run.id })) {
  if (event.__typename === 'RunStep') console.log(`${event.step}/${event.steps} ${event.task} loss ${event.loss}`);
  if (event.__typename === 'RunCheckpoint') checkpoint = event.checkpoint.id;
  if (event.__typename === 'RunEnded') console.log(`The run ended: ${event.state}`);
}

const { evaluateCheckpoint } = await client.execute(EvaluateCheckpointDocument, {
  input: { checkpoint: { id: checkpoint }, datasets: [search, similarity], split: 'TEST' },
});
for (const { dataset, main } of evaluateCheckpoint.evaluations) {
  console.log(`${dataset.name}: ${main.name} ${main.value}`);
}
console.log(`run ${startRun.run.id}`);
console.log(`checkpoint ${checkpoint}`);
