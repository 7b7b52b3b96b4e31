/**
 * How long a run and a job wait until they are RUNNING on an idle service, and how many statements an idle service
 * sends to its database, from the built tree, on PGlite or on the Postgres that DATABASE_URL names:
 *   npm run build && node test/bench/dispatch.mjs [count, default 50] [idle seconds, default 60]
 * A Postgres database should be empty: what other servers left there is worked on too.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  CreateModelDocument,
  createClient,
  ImportDatasetDocument,
  RunEventsDocument,
  StartRunDocument,
} from '../../dist/src/client/index.js';
import { loadConfig } from '../../dist/src/config.js';
import { startTandem } from '../../dist/src/main.js';
import { watchStatements } from './statements.mjs';

const [count = 50, idleSeconds = 60] = process.argv.slice(2).map(Number);
/** Between two requests: the service sleeps again by then. Prime, so that no timer of its own falls in step. */
const pauseMs = 137;

const dataDir = await mkdtemp(join(tmpdir(), 'tandem-bench-'));
const seen = watchStatements();
const service = await startTandem({ ...loadConfig(), dataDir, importDir: join(dataDir, 'import'), port: 0 });
const client = createClient({ url: service.url });
const tag = `bench-${Date.now()}`;

const recordOf = (i, k) => ({
  task: 'STS',
  query: { text: `text ${i} of ${k}` },
  positives: [{ text: { text: `other text ${i} of ${k}` }, score: (i % 10) / 10 }],
  negatives: [],
});
const recordsOf = (k) => Array.from({ length: 20 }, (_, i) => recordOf(i, k));

async function importRecords(k) {
  const input = { name: `${tag}-${k}`, source: { records: recordsOf(k) }, idempotencyKey: `${tag}-import-${k}` };
  return (await client.execute(ImportDatasetDocument, { input })).importDataset.dataset.id;
}

/** A run of one update. */
async function train(model, dataset, k) {
  const settings = { epochs: 1, maxBatches: 1, stsBatchSize: 8, maxLength: 16 };
  const input = { name: `${tag}-${k}`, model, datasets: [{ dataset }], settings };
  const { startRun } = await client.execute(StartRunDocument, { input });
  for await (const { runEvents } of client.subscribe(RunEventsDocument, { runId: startRun.run.id, after: 0 }))
    noteEvent(runEvents);
}

/** When a client that follows the run learned that it is RUNNING, by performance.now(). */
let toldRunning;
function noteEvent({ __typename, state }) {
  if (__typename === 'RunStateChanged' && state === 'RUNNING') toldRunning = performance.now();
  if (__typename === 'RunEnded' && state !== 'SUCCEEDED') throw new Error('a run failed');
}

/** `count` times: the request, the commit of its row as waiting if there is one, and that as RUNNING. */
async function measure(request) {
  const [sinceRequest, sinceCommit, untilTold] = [[], [], []];
  for (let k = 0; k < count; k++) {
    await sleep(pauseMs);
    Object.assign(seen, { queued: undefined, running: undefined });
    toldRunning = undefined;
    const begun = performance.now();
    await request(k);
    if (seen.running === undefined) throw new Error('no statement told that the work is RUNNING');
    sinceRequest.push(seen.running - begun);
    if (seen.queued !== undefined) sinceCommit.push(seen.running - seen.queued);
    if (toldRunning !== undefined) untilTold.push(toldRunning - seen.queued);
  }
  return { sinceRequest, sinceCommit, untilTold };
}

const atRank = (values, part) =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(part * values.length))];
const describe = (values) =>
  values.length === 0
    ? 'it is never seen waiting'
    : `median ${atRank(values, 0.5).toFixed(1)} ms, p95 ${atRank(values, 0.95).toFixed(1)} ms, n = ${values.length}`;

function report(what, { sinceRequest, sinceCommit, untilTold }) {
  console.log(`${what}: from the commit of its row to RUNNING: ${describe(sinceCommit)}`);
  console.log(`${what}: from the request to RUNNING: ${describe(sinceRequest)}`);
  if (untilTold.length > 0) console.log(`${what}: from the commit until a client is told: ${describe(untilTold)}`);
}

try {
  console.log(process.env.DATABASE_URL ? 'Postgres' : 'PGlite');
  const dataset = await importRecords('data');
  const architecture = { layers: 1, width: 16, heads: 2, innerWidth: 32, maxPositions: 32 };
  const model = { name: tag, architecture, vocabularyFrom: [dataset], vocabularySize: 128, maxLength: 32 };
  const { createModel } = await client.execute(CreateModelDocument, { input: model });
  await train(createModel.model.id, dataset, 'warm-up');
  report('a job (import of 20 records)', await measure(importRecords));
  report('a run (one update)', await measure((k) => train(createModel.model.id, dataset, k)));

  await sleep(5_000);
  seen.count = 0;
  seen.texts.clear();
  await sleep(idleSeconds * 1000);
  console.log(`idle: ${((seen.count * 60) / idleSeconds).toFixed(0)} statements a minute`);
  for (const [text, times] of seen.texts) console.log(`  ${times} x ${text.slice(0, 160)}`);
} finally {
  await service.close();
  await rm(dataDir, { recursive: true, force: true });
}
