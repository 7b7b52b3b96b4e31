/**
 * The experiment: searches for the best fusion of checkpoints of search-only, similarity-only and joint runs, beside
 * the best single checkpoint, the uniform soup and delta-guided fusion with its defaults, on test splits that no search
 * chooses by. On the sample data with several seeds:
 *   npm run experiments:fusion-search -- [--seeds 1,2,3] [--budget 30] [--out FOLDER]
 * or once from a model and data of other programs, a sentence-transformers folder, a BEIR folder with a dev split, and
 * a folder with train, dev and test as tables of STS (grades from 0 to 5):
 *   npm run experiments:fusion-search -- --model FOLDER --ir FOLDER --sts FOLDER --pooled --seeds 1 [--settings FILE]
 * Every request has a key and the data folder stays below that of --out, so that what was stopped goes on at the same
 * commit. Writes <commit>/results.json and table.md. --settings: a JSON file with RunSettingsInput; --pooled: dev sets
 * of search on a pooled corpus; --last: only the last checkpoint of each run.
 */
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, parse, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { SystemDocument } from '../../dist/src/client/index.js';
import { dataOf, modelOf, scoresOnTest, searchFor, trainedCheckpoints } from './fusion-search-calls.mjs';
import { fusionTable } from './fusion-search-table.mjs';
import { commitOf } from './identity.mjs';
import { settingsOf } from './plan.mjs';
import { serve } from './server.mjs';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1,2,3' },
    budget: { type: 'string', default: '30' },
    out: { type: 'string', default: join(tmpdir(), 'tandem-fusion-search') },
    model: { type: 'string' },
    ir: { type: 'string' },
    sts: { type: 'string' },
    settings: { type: 'string' },
    pooled: { type: 'boolean', default: false },
    last: { type: 'boolean', default: false },
  },
});
const budget = Number(values.budget);
const seeds = values.seeds.split(',').map(Number);
const commit = commitOf(resolve(import.meta.dirname, '../..'));
const out = resolve(values.out, commit.slice(0, 57));
await mkdir(out, { recursive: true });
const file = join(out, 'results.json');
const results = existsSync(file) ? JSON.parse(await readFile(file, 'utf8')) : [];

/** What a model of other programs is trained with, so that the CPU ends within the hour. */
const ownSettings = {
  ...{ epochs: 2, maxBatches: 120, irBatchSize: 16, stsBatchSize: 32, positives: 1, negatives: 0, maxLength: 192 },
  ...{ dropout: 0, attentionDropout: 0, optimizer: { learningRate: 3e-5, clipNorm: 1 } },
};
const given = values.settings ? JSON.parse(await readFile(values.settings, 'utf8')) : {};
const trainingOf = (seed) =>
  values.model ? { ...ownSettings, seed, ...given } : { ...settingsOf(seed, {}), ...given };

const runs = {
  'IR only': { tasks: ['IR'], preset: 'SINGLE_TASK' },
  'STS only': { tasks: ['STS'], preset: 'SINGLE_TASK' },
  joint: { tasks: ['IR', 'STS'], preset: 'CODIEMB' },
};
const strategies = ['COORDINATE', 'RANDOM', 'GREEDY_SOUP'];

/** All that one seed measures. */
async function measure(client, seed) {
  const data = await dataOf(client, seed, values);
  const model = await modelOf(client, data, seed, values.model);
  const checkpoints = [];
  for (const [name, { tasks, preset }] of Object.entries(runs)) {
    const datasets = tasks.map((task) => ({ dataset: data[task] }));
    const input = { name: `${name}, seed ${seed}`, model, datasets, settings: { preset, ...trainingOf(seed) } };
    const made = await trainedCheckpoints(client, input);
    checkpoints.push(...(values.last ? made.slice(-1) : made));
  }
  const searches = {};
  for (const strategy of strategies) {
    const devSets = [{ dataset: data.IR, pooled: values.pooled }, { dataset: data.STS }];
    const testSets = [{ dataset: data.IR }, { dataset: data.STS }];
    const input = { checkpoints, devSets, testSets, strategy, budget, seed };
    searches[strategy] = await searchFor(client, input, `${strategy} of ${budget}, seed ${seed}`);
    console.error(`seed ${seed}: ${strategy}: ${searches[strategy].winner.text}`);
  }
  const { COORDINATE: coordinate } = searches;
  const systems = {
    'best single checkpoint': coordinate.test.single,
    'uniform soup': await scoresOnTest(client, data, { search: coordinate, method: 'UNIFORM_SOUP' }),
    'delta-guided, defaults': await scoresOnTest(client, data, { search: coordinate, method: 'DELTA_GUIDED' }),
    'greedy soup': searches.GREEDY_SOUP.test.winner,
    'random search': searches.RANDOM.test.winner,
    'coordinate search': coordinate.test.winner,
  };
  return { seed, commit, checkpoints: checkpoints.length, budget, systems, searches };
}

// The folders of --model, --ir and --sts may lie anywhere.
const { client, stop } = await serve(join(out, 'data'), { TANDEM_IMPORT: parse(out).root });
try {
  const { system } = await client.execute(SystemDocument, {});
  console.error(`${system.adapter.name}, seeds ${seeds.join(', ')}`);
  for (const seed of seeds) {
    if (results.some((result) => result.seed === seed && result.budget === budget)) continue;
    results.push(await measure(client, seed));
    await writeFile(file, `${JSON.stringify(results, null, 1)}\n`);
  }
} finally {
  await stop();
}
const table = `${fusionTable(results.filter((result) => result.budget === budget))}\n\nAt commit ${commit}.`;
await writeFile(join(out, 'table.md'), `${table}\n`);
console.log(table);
