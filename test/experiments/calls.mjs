/** The calls of the public API that an experiment makes. */

import { setTimeout } from 'node:timers/promises';
import { architecture, maxLength, templates, vocabularySize } from '../../dist/src/cli/quickstart/settings.js';
import {
  CreateModelDocument,
  EvaluateBagOfWordsDocument,
  EvaluateCheckpointDocument,
  ImportDatasetDocument,
  RunDocument,
  RunEventsDocument,
  StartRunDocument,
  TypedDocumentString,
} from '../../dist/src/client/index.js';
import { evaluateRun } from '../../dist/src/evaluation/run.js';
import { evaluateSts } from '../../dist/src/evaluation/sts.js';

/** The sample data of a seed: {IR, STS} by id. */
export async function importSample(client, seed) {
  const ids = {};
  for (const task of ['IR', 'STS']) {
    const input = { name: `sample-${task.toLowerCase()}-${seed}`, source: { sample: { task, seed } } };
    ids[task] = (await client.execute(ImportDatasetDocument, { input })).importDataset.dataset.id;
  }
  return ids;
}

/** An untrained model as the quickstart makes it. */
export async function createModel(client, data, seed) {
  const input = {
    ...{ name: `experiment-${seed}`, architecture, vocabularyFrom: [data.IR, data.STS] },
    ...{ vocabularySize, maxLength, templates, seed },
  };
  return (await client.execute(CreateModelDocument, { input })).createModel.model;
}

const StartStages = new TypedDocumentString(
  'mutation StartStages($input: StartRunInput!) { startRun(input: $input) { runs { id } } }',
);

/** Trains one run, or a run and its stages, to the end; the last checkpoint and the number of updates. */
export async function train(client, model, name, [first, ...stages]) {
  const input = { name, model, ...first };
  const ids =
    stages.length === 0
      ? [(await client.execute(StartRunDocument, { input })).startRun.run.id]
      : (await client.execute(StartStages, { input: { ...input, stages } })).startRun.runs.map(({ id }) => id);
  let steps = 0;
  let checkpoint;
  for (const id of ids) {
    for await (const { runEvents } of client.subscribe(RunEventsDocument, { runId: id })) {
      if (runEvents.__typename === 'RunEnded' && runEvents.state !== 'SUCCEEDED')
        throw new Error(`a run ended as ${runEvents.state}: ${runEvents.error?.message ?? ''}`);
    }
    const { run } = await client.execute(RunDocument, { id });
    steps += run.step;
    checkpoint = run.checkpoints.nodes.toSorted((a, b) => b.step - a.step)[0].id;
  }
  return { checkpoint, steps };
}

/** nDCG@10 and Spearman on the test splits; of tf-idf where no checkpoint is named. */
export async function scoresOf(client, data, checkpoint) {
  const input = { datasets: [data.IR, data.STS], split: 'TEST' };
  const { evaluations } =
    checkpoint === null
      ? (await client.execute(EvaluateBagOfWordsDocument, { input })).evaluateBagOfWords
      : (await client.execute(EvaluateCheckpointDocument, { input: { ...input, checkpoint: { id: checkpoint } } }))
          .evaluateCheckpoint;
  const mainOf = (task) => evaluations.find((evaluation) => evaluation.task === task).main.value;
  return { ndcgAt10: mainOf('IR'), spearman: mainOf('STS') };
}

const Texts = new TypedDocumentString(`query Texts($id: ID!) {
  dataset(id: $id) {
    records(split: TEST, first: 1000) {
      totalCount
      nodes { key query { text } positives { score text { text } } }
    }
    documents(split: TEST, first: 1000) { totalCount nodes { key text { text } } }
  }
}`);
const EmbedAt = new TypedDocumentString(`query EmbedAt($texts: [String!]!, $id: ID!, $role: TextRole!, $width: Int!) {
  embed(texts: $texts, checkpoint: { id: $id }, role: $role, dimensions: $width) { embeddings { base64 } }
}`);

/** The same figures from the first `width` components, normalised again, as `embed` gives them. */
export async function scoresAt(client, data, checkpoint, width) {
  const embed = async (role, texts) => {
    const { embed: answer } = await client.execute(EmbedAt, { texts, id: checkpoint, role, width });
    return answer.embeddings.map(({ base64 }) => floatsOf(base64));
  };
  const search = await textsOf(client, data.IR);
  const pairs = await textsOf(client, data.STS);
  const vectors = {
    queries: await embed('QUERY', queryTexts(search)),
    documents: await embed(
      'PASSAGE',
      search.documents.map(({ text }) => text.text),
    ),
  };
  const first = joined(await embed('STS', queryTexts(pairs)));
  const partners = pairs.records.map(({ positives }) => positives[0].text.text);
  const second = joined(await embed('STS', partners));
  const grades = pairs.records.map(({ positives }) => positives[0].score);
  const { metrics } = evaluateSts({ first, second, dimension: width, grades });
  const scores = { ndcgAt10: ndcg(search, vectors), spearman: metrics.cosine_spearman };
  // The server closes a connection that was idle for seconds: this thread must hear of it before it asks again.
  await setTimeout(100);
  return scores;
}

async function textsOf(client, id) {
  const { dataset } = await client.execute(Texts, { id });
  for (const { totalCount, nodes } of [dataset.records, dataset.documents])
    if (nodes.length !== totalCount) throw new Error(`${totalCount} texts do not fit on one page`);
  return { records: dataset.records.nodes, documents: dataset.documents.nodes };
}

const queryTexts = ({ records }) => records.map(({ query }) => query.text);

function floatsOf(base64) {
  const bytes = Buffer.from(base64, 'base64');
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

function joined(rows) {
  const all = new Float32Array(rows.length * rows[0].length);
  rows.forEach((row, i) => {
    all.set(row, i * row.length);
  });
  return all;
}

function ndcg({ records, documents }, vectors) {
  const keyOf = new Map(documents.map(({ key, text }) => [text.text, key]));
  const dot = (a, b) => a.reduce((sum, value, i) => sum + value * b[i], 0);
  const run = new Map(
    records.map(({ key }, i) => [
      key,
      new Map(documents.map((document, j) => [document.key, dot(vectors.queries[i], vectors.documents[j])])),
    ]),
  );
  const judgements = new Map(
    records.map(({ key, positives }) => [
      key,
      new Map(positives.map(({ text, score }) => [keyOf.get(text.text), score ?? 1])),
    ]),
  );
  return evaluateRun(run, judgements).means().ndcg_at_10;
}
