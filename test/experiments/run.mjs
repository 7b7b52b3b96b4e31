/**
 * The experiment: single-task, two-stage and joint training on the sample data, the samplers, and Matryoshka beside
 * truncation, each with several seeds of data, weights and batches; through the public API of a server of its own.
 * Writes results.json after every configuration, so that a run that was stopped goes on at the same commit with the
 * same settings, and table.md.
 *   npm run experiments -- [--seeds 1,2,3] [--only "IR only,joint, codiemb"] [--out FOLDER]
 * What the server refuses is said in the table; any other failure ends the experiment.
 */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ApiError, SystemDocument } from '../../dist/src/client/index.js';
import { createModel, importSample, scoresAt, scoresOf, train } from './calls.mjs';
import { commitOf, identityOf, isOf } from './identity.mjs';
import { atWidths, configurations, settingsOf, widths } from './plan.mjs';
import { serve } from './server.mjs';
import { tableOf } from './table.mjs';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1,2,3' },
    only: { type: 'string', multiple: true },
    out: { type: 'string', default: join(tmpdir(), 'tandem-experiments') },
  },
});
const seeds = values.seeds.split(',').map(Number);
const out = resolve(values.out);
const file = join(out, 'results.json');
await mkdir(out, { recursive: true });
const results = existsSync(file) ? JSON.parse(await readFile(file, 'utf8')) : [];
const commit = commitOf(resolve(import.meta.dirname, '../..'));
const isDone = (name, seed) => results.some((result) => isOf(result, identityOf(name, seed, commit)) && result.scores);

/** In place of what was measured by this name and seed before, with whatever else. */
async function keep({ name: configuration, seed: number, ...measured }) {
  const result = { ...identityOf(configuration, number, commit), ...measured };
  const others = results.filter(({ name, seed }) => name !== result.name || seed !== result.seed);
  results.splice(0, results.length, ...others, result);
  await writeFile(file, `${JSON.stringify(results, null, 1)}\n`);
}

/** One configuration with one seed. */
async function measure(client, { data, model, seed }, name) {
  const runs = configurations[name].map(({ tasks, settings }) => ({
    datasets: tasks.map((task) => ({ dataset: data[task] })),
    settings: settingsOf(seed, settings),
  }));
  const begun = performance.now();
  const { checkpoint, steps } = await train(client, model.id, `${name}, seed ${seed}`, runs);
  const seconds = Math.round((performance.now() - begun) / 100) / 10;
  const scores = await scoresOf(client, data, checkpoint);
  const at = {};
  for (const width of atWidths.includes(name) ? widths : [])
    at[width] = await scoresAt(client, data, checkpoint, width);
  return { name, seed, steps, seconds, scores, ...(atWidths.includes(name) && { at }) };
}

const folder = await mkdtemp(join(tmpdir(), 'tandem-experiments-'));
const { client, stop } = await serve(folder);
try {
  const { system } = await client.execute(SystemDocument, {});
  console.error(`${system.adapter.name}, seeds ${seeds.join(', ')}`);
  for (const seed of seeds) {
    const data = await importSample(client, seed);
    const model = await createModel(client, data, seed);
    for (const [name, checkpoint] of [
      ['tf-idf', null],
      ['untrained', model.checkpoint.id],
    ])
      if (!isDone(name, seed)) await keep({ name, seed, steps: 0, scores: await scoresOf(client, data, checkpoint) });
    for (const name of values.only ?? Object.keys(configurations)) {
      if (isDone(name, seed)) continue;
      try {
        const result = await measure(client, { data, model, seed }, name);
        await keep(result);
        console.error(`seed ${seed}: ${name}: ${JSON.stringify(result.scores)} (${result.seconds} s)`);
      } catch (error) {
        if (!(error instanceof ApiError) || error.unreachable) throw error;
        await keep({ name, seed, refused: error.message });
        console.error(`seed ${seed}: ${name}: refused: ${error.message}`);
      }
    }
  }
} finally {
  await stop();
  await rm(folder, { recursive: true, force: true });
}
const current = results.filter((result) => isOf(result, identityOf(result.name, result.seed, commit)));
const table = `${tableOf(current)}\n\nAt commit ${commit}.`;
await writeFile(join(out, 'table.md'), `${table}\n`);
console.log(table);
