/** The calls of the public API that the experiment of fusion searches makes; each again under its key does nothing. */
import { resolve } from 'node:path';
import { architecture, maxLength, templates, vocabularySize } from '../../dist/src/cli/quickstart/settings.js';
import { readSearch } from '../../dist/src/cli/show-search.js';
import {
  CreateModelDocument,
  EvaluateCheckpointDocument,
  FuseCandidateDocument,
  ImportDatasetDocument,
  ImportModelDocument,
  JobEventsDocument,
  ResumeRunDocument,
  RunDocument,
  RunEventsDocument,
  StartFusionSearchDocument,
  StartRunDocument,
} from '../../dist/src/client/index.js';

/** {IR, STS} by id: the sample data of a seed, or the data of two folders. */
export async function dataOf(client, seed, { ir, sts }) {
  const sources = {
    IR: ir && { source: { path: resolve(ir) }, importer: 'BEIR' },
    STS: sts && { source: { path: resolve(sts) }, importer: 'STS_TABLE', scaleLow: 0, scaleHigh: 5 },
  };
  const data = {};
  for (const task of ['IR', 'STS']) {
    const name = sources[task] ? task.toLowerCase() : `sample-${task.toLowerCase()}-${seed}`;
    const source = sources[task] ?? { source: { sample: { task, seed } } };
    const input = { name, ...source, idempotencyKey: `data ${name}` };
    data[task] = (await client.execute(ImportDatasetDocument, { input })).importDataset.dataset.id;
  }
  return data;
}

/** The model of a folder, or an untrained one as the quickstart makes it. */
export async function modelOf(client, data, seed, folder) {
  if (folder) {
    const input = { name: 'imported', source: { folder: resolve(folder) }, idempotencyKey: 'model' };
    return (await client.execute(ImportModelDocument, { input })).importModel.model.id;
  }
  const input = {
    ...{ name: `made-${seed}`, architecture, vocabularyFrom: [data.IR, data.STS], vocabularySize },
    ...{ maxLength, templates, seed, idempotencyKey: `model ${seed}` },
  };
  return (await client.execute(CreateModelDocument, { input })).createModel.model.id;
}

/** The checkpoints at the ends of the epochs of a run, in order. */
export async function trainedCheckpoints(client, input) {
  const given = { ...input, idempotencyKey: input.name };
  const { run: started } = (await client.execute(StartRunDocument, { input: given })).startRun;
  if (started.state === 'INTERRUPTED') await client.execute(ResumeRunDocument, { id: started.id });
  for await (const { runEvents } of client.subscribe(RunEventsDocument, { runId: started.id })) {
    if (runEvents.__typename === 'RunEnded' && runEvents.state !== 'SUCCEEDED')
      throw new Error(`${input.name} ended as ${runEvents.state}: ${runEvents.error?.message ?? ''}`);
  }
  const { run } = await client.execute(RunDocument, { id: started.id });
  const made = run.checkpoints.nodes.filter(({ step }) => step > 0);
  return made.toSorted((a, b) => a.step - b.step).map(({ id }) => id);
}

/** A search to its end: its candidates, front and winner, and {ndcgAt10, spearman} on the test sets. */
export async function searchFor(client, input, key) {
  const given = { ...input, idempotencyKey: key };
  const { search } = (await client.execute(StartFusionSearchDocument, { input: given })).startFusionSearch;
  let ended = search.job;
  for await (const { jobEvents } of client.subscribe(JobEventsDocument, { jobId: search.job.id })) ended = jobEvents;
  if (ended.state !== 'SUCCEEDED') throw new Error(`${key} ended as ${ended.state}: ${ended.error?.message ?? ''}`);
  const { id, winner, single, front, test, candidates } = await readSearch(client, search.id);
  const scores = { winner: figuresOf(test.winner), single: figuresOf(test.single) };
  return { id, winner, single, front: front.map(({ number }) => number), test: scores, candidates: candidates.nodes };
}

/** Of the candidate that is the method with its defaults; null where the budget did not reach it. */
export async function scoresOnTest(client, data, { search, method }) {
  const candidate = search.candidates.find((row) => row.origin === 'DEFAULT' && row.method === method);
  if (!candidate) return null;
  const key = `${method} of ${search.id}`;
  const input = { search: search.id, candidate: candidate.number, idempotencyKey: key };
  const { checkpoint } = (await client.execute(FuseCandidateDocument, { input })).fuseCandidate;
  const sets = { checkpoint: { id: checkpoint.id }, datasets: [data.IR, data.STS], split: 'TEST' };
  const { evaluateCheckpoint } = await client.execute(EvaluateCheckpointDocument, {
    input: { ...sets, idempotencyKey: `test of ${key}` },
  });
  return figuresOf(evaluateCheckpoint.evaluations);
}

function figuresOf(sets) {
  const mainOf = (task) => sets.find((set) => set.task === task).main.value;
  return { ndcgAt10: mainOf('IR'), spearman: mainOf('STS') };
}
