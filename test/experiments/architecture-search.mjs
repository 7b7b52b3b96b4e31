/**
 * The experiment: a search over architectures by successive halving on the sample data, with several seeds of data,
 * weights and configurations: every candidate at every rung, and winner and default configuration, both trained for all
 * updates, on the test splits, which no search reads.
 *   npm run experiments:architecture-search -- [--seeds 1,2,3] [--configurations 9] [--eta 3] [--epochs 2]
 *     [--out FOLDER]
 * Every request has a key and the data folder stays below that of --out, so that what was stopped goes on at the same
 * commit. Writes <commit>/results.json and table.md.
 */
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import {
  ArchitectureSearchDocument,
  JobEventsDocument,
  ResumeArchitectureSearchDocument,
  StartArchitectureSearchDocument,
  SystemDocument,
} from '../../dist/src/client/index.js';
import { architectureTable } from './architecture-search-table.mjs';
import { scoresOf } from './calls.mjs';
import { dataOf, modelOf } from './fusion-search-calls.mjs';
import { commitOf } from './identity.mjs';
import { settingsOf } from './plan.mjs';
import { serve } from './server.mjs';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1,2,3' },
    configurations: { type: 'string', default: '9' },
    eta: { type: 'string', default: '3' },
    epochs: { type: 'string', default: '2' },
    out: { type: 'string', default: join(tmpdir(), 'tandem-architecture-search') },
  },
});
const seeds = values.seeds.split(',').map(Number);
const [configurations, eta, epochs] = [values.configurations, values.eta, values.epochs].map(Number);
const asked = { configurations, eta, epochs };
const commit = commitOf(resolve(import.meta.dirname, '../..'));
const out = resolve(values.out, commit.slice(0, 57));
await mkdir(out, { recursive: true });
const file = join(out, 'results.json');
const results = existsSync(file) ? JSON.parse(await readFile(file, 'utf8')) : [];
const isAsked = (result) => Object.entries(asked).every(([name, value]) => result[name] === value);

/** A search to its end; resumed where it was stopped. */
async function searchFor(client, input) {
  const { id, state, job } = (await client.execute(StartArchitectureSearchDocument, { input })).startArchitectureSearch;
  if (state === 'INTERRUPTED') await client.execute(ResumeArchitectureSearchDocument, { id });
  for await (const { jobEvents } of client.subscribe(JobEventsDocument, { jobId: job.id }))
    console.error(`${input.name}: ${jobEvents.waitsFor ?? jobEvents.state}`);
  const { architectureSearch: search } = await client.execute(ArchitectureSearchDocument, { id });
  if (search.state !== 'SUCCEEDED') throw new Error(`${input.name} ended as ${search.state}: ${search.error?.message}`);
  return search;
}

/** All that one seed measures. */
async function measure(client, seed) {
  const data = await dataOf(client, seed, {});
  const model = await modelOf(client, data, seed);
  const sets = [{ dataset: data.IR }, { dataset: data.STS }];
  const name = `seed ${seed}, ${configurations} configurations, eta ${eta}, ${epochs} epochs`;
  const settings = settingsOf(seed, { preset: 'CODIEMB', epochs });
  const given = { name, model, datasets: sets, devSets: sets, settings, configurations, eta, seed };
  const begun = performance.now();
  const search = await searchFor(client, { ...given, idempotencyKey: name });
  const seconds = Math.round((performance.now() - begun) / 1000);
  const { candidates, winner, checkpoint, steps, rungs } = search;
  const own = candidates[0].trials.at(-1).run.bestCheckpoint.id;
  const test = {
    winner: await scoresOf(client, data, checkpoint.id),
    default: await scoresOf(client, data, own),
  };
  return { seed, commit, ...asked, steps, seconds, rungs, winner: winner.number, candidates, test };
}

const { client, stop } = await serve(join(out, 'data'));
try {
  const { system } = await client.execute(SystemDocument, {});
  console.error(`${system.adapter.name}, seeds ${seeds.join(', ')}`);
  for (const seed of seeds) {
    if (results.some((result) => result.seed === seed && isAsked(result))) continue;
    results.push(await measure(client, seed));
    await writeFile(file, `${JSON.stringify(results, null, 1)}\n`);
  }
} finally {
  await stop();
}
const table = `${architectureTable(results.filter(isAsked))}\n\nAt commit ${commit}.`;
await writeFile(join(out, 'table.md'), `${table}\n`);
console.log(table);
