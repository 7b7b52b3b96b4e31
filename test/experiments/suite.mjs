/**
 * The experiment: a suite of other people's data sets, evaluated by tf-idf, by the model of a folder and by a
 * checkpoint that is trained from it, with what the checkpoint has seen, paired tests, and the geometry of the vectors.
 * The server is killed half-way through the trained checkpoint's suite and started again; then every split is evaluated
 * once more, and the figures must be the same.
 *   npm run experiments:suite -- DATA --model FOLDER [--train cranfield,stsb-en] [--batches 60] [--out FOLDER]
 * DATA holds folders as suite-data.mjs names them; those that are lacking are left out. Every request has a key and the
 * data folder stays below that of --out, so that what was stopped goes on at the same commit. Writes
 * <commit>/results.json and table.md.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, parse, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { SystemDocument } from '../../dist/src/client/index.js';
import { modelOf, trainedCheckpoints } from './fusion-search-calls.mjs';
import { commitOf } from './identity.mjs';
import { serve } from './server.mjs';
import { cellsOf, compare, evaluate, evaluateAnew, evaluateKilled, initialOf, overlapsOf } from './suite-calls.mjs';
import { importAll, suiteOf } from './suite-data.mjs';
import { suiteTable } from './suite-table.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    model: { type: 'string' },
    train: { type: 'string', default: 'cranfield,stsb-en' },
    batches: { type: 'string', default: '60' },
    out: { type: 'string', default: join(tmpdir(), 'tandem-suite') },
  },
});
const [data] = positionals;
if (data === undefined || values.model === undefined)
  throw new Error('name the data and the model: npm run experiments:suite -- DATA --model FOLDER');
const commit = commitOf(resolve(import.meta.dirname, '../..'));
const out = resolve(values.out, commit.slice(0, 57));
await mkdir(out, { recursive: true });

/** What is trained, so that two cores end within minutes. */
const settings = {
  ...{ preset: 'CODIEMB', seed: 1, epochs: 1, maxBatches: Number(values.batches), irBatchSize: 16, stsBatchSize: 32 },
  ...{ positives: 1, negatives: 0, maxLength: 128, dropout: 0, attentionDropout: 0 },
  optimizer: { learningRate: 3e-5, clipNorm: 1 },
};
// The folders of DATA and --model may lie anywhere.
const options = [join(out, 'data'), { TANDEM_IMPORT: parse(out).root }];
let server = await serve(...options);
try {
  const { system } = await server.client.execute(SystemDocument, {});
  console.error(`${system.adapter.name}`);
  const ids = await importAll(server.client, data, join(out, 'import'));
  const datasets = Object.values(ids);
  const suite = await suiteOf(server.client, 'everything', datasets);
  console.error(`data sets: ${Object.keys(ids).join(', ')}`);
  const model = await modelOf(server.client, {}, 1, values.model);
  const initial = await initialOf(server.client, model);
  const trainedOn = values.train.split(',').map((name) => ({ dataset: ids[name] }));
  const run = { name: 'suite', model, datasets: trainedOn, settings };
  const trained = (await trainedCheckpoints(server.client, run)).at(-1);
  const systems = {};
  for (const [name, checkpoint] of [
    ['tf-idf', null],
    ['model', initial],
  ]) {
    systems[name] = await evaluate(server.client, suite, checkpoint, `suite of ${name}`);
    console.error(`${name}: macro mean ${systems[name].mean.value}`);
  }
  const asked = { suite, checkpoint: trained, key: 'suite of trained', splits: datasets.length };
  const killed = await evaluateKilled(server, options, asked);
  server = killed.server;
  systems.trained = killed.result;
  console.error(`trained: macro mean ${systems.trained.mean.value}`);
  const overlap = await overlapsOf(server.client, suite, trained);
  const geometries = {};
  for (const [name, checkpoint] of [
    ['model', initial],
    ['trained', trained],
  ])
    geometries[name] = await cellsOf(server.client, suite, checkpoint);
  const comparisons = {
    'model minus tf-idf': await compare(server.client, null, initial, datasets),
    'trained minus model': await compare(server.client, initial, trained, datasets),
  };
  const again = await evaluateAnew(server.client, trained, datasets);
  const different = systems.trained.cells.filter(({ figure }, i) => figure.value !== again[i]);
  const resumed =
    killed.kept === undefined
      ? 'The suite had ended before it could be killed.'
      : `Killed half-way; ${killed.kept} of ${datasets.length} evaluations were kept.`;
  const notes = [`${resumed} Evaluated anew, ${different.length} figures differ.`, `At commit ${commit}.`];
  const found = { systems, overlap, comparisons, geometries, notes };
  await writeFile(join(out, 'results.json'), `${JSON.stringify(found, null, 1)}\n`);
  const table = suiteTable(found);
  await writeFile(join(out, 'table.md'), `${table}\n`);
  console.log(table);
  if (different.length > 0) process.exitCode = 1;
} finally {
  await server.stop();
}
