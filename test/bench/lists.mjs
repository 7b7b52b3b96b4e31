/**
 * How long lists take where there is much to list, over HTTP and from the built tree, on the Postgres that
 * DATABASE_URL_TEST names, else on PGlite: milliseconds and statements of each query, changes replayed, and what
 * triggers and indexes cost writers. A database without runs is filled first and stays as it is:
 *   npm run bench:lists -- [--data FOLDER] [--runs 100000] [--repeat 100] [--only PATTERN] [--out FILE]
 * --data keeps PGlite's database for another time; without it a temporary folder is used.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadConfig } from '../../dist/src/config.js';
import { openDatabase } from '../../dist/src/db/open.js';
import { upkeep } from '../../dist/src/db/upkeep.js';
import { startTandem } from '../../dist/src/main.js';
import { datasets, fill, keyOf } from './lists/fill.mjs';
import { questionsOf } from './lists/questions.mjs';
import { measureReplay } from './lists/replay.mjs';
import { measureWrites } from './lists/writes.mjs';
import { watchStatements } from './statements.mjs';

const string = { type: 'string' };
const { values } = parseArgs({ options: { data: string, runs: string, repeat: string, only: string, out: string } });
const [runs, repeat] = [Number(values.runs ?? 100_000), Number(values.repeat ?? 100)];
/** A query that takes long is not asked so often; a p99 of fewer than 100 is their maximum. */
const longestMs = 1_000;

const dataDir = values.data ?? (await mkdtemp(join(tmpdir(), 'tandem-bench-')));
const config = {
  ...loadConfig(),
  ...{ dataDir, importDir: join(dataDir, 'import'), databaseUrl: process.env.DATABASE_URL_TEST, port: 0 },
};
const tell = (line) => console.error(line);

/** Fills the database where it is empty; the rest is about what is in it then. */
async function prepare() {
  const database = await openDatabase(config);
  try {
    const { rows } = await database.pool.query('select exists (select from runs) as filled');
    if (!rows[0].filled) await fill(database.pool, runs, tell);
    // As a server does by itself within minutes, and the service for PGlite.
    if (config.databaseUrl) await database.pool.query('vacuum analyze');
    else await upkeep(database.pool);
    const keys = await database.pool.query(
      `select ${keyOf('model', 3)} as model, ${keyOf('dataset', datasets / 2 - 5)} as dataset,
        ${keyOf('dataset', 1)} as evaluated, ${keyOf('run', runs / 2)} as run, version()`,
    );
    return keys.rows[0];
  } finally {
    await database.close();
  }
}

/** At the end, since what is rolled back stays in the tables until they are vacuumed. */
async function writes() {
  const database = await openDatabase(config);
  try {
    return await measureWrites(database.pool, tell);
  } finally {
    await database.close();
  }
}

const atRank = (sorted, part) => sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))];

/** `statements`: the least of all repetitions, since the service itself sends some in between. */
async function measure(ask, seen, { name, document, variables }) {
  const times = [];
  let statements = Number.POSITIVE_INFINITY;
  const begun = performance.now();
  for (let k = -3; k < repeat && (k < 5 || performance.now() - begun < longestMs); k++) {
    const before = seen.count;
    const start = performance.now();
    await ask(document, variables);
    const took = performance.now() - start;
    statements = Math.min(statements, seen.count - before);
    if (k >= 0) times.push(took);
  }
  times.sort((a, b) => a - b);
  const [min, p50, p99, max] = [times[0], atRank(times, 0.5), atRank(times, 0.99), times.at(-1)];
  tell(
    `${name.padEnd(62)} ${[min, p50, p99, max].map((ms) => ms.toFixed(1).padStart(8)).join('')} ms, n = ${times.length}, ${statements} statements`,
  );
  return { name, min, p50, p99, max, n: times.length, statements };
}

const seen = watchStatements();
let report;
try {
  const begun = performance.now();
  const keys = await prepare();
  tell(`${keys.version.split(' on ')[0]}, prepared in ${((performance.now() - begun) / 1000).toFixed(0)} s`);
  const started = performance.now();
  const service = await startTandem(config);
  try {
    tell(`started in ${((performance.now() - started) / 1000).toFixed(1)} s`);
    const url = `${service.url}/graphql`;
    const ask = async (query, variables) => {
      const headers = { 'content-type': 'application/json', 'x-graphql-yoga-csrf': '1' };
      const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query, variables }) });
      const result = await answer.json();
      if (result.errors) throw new Error(`${query}: ${JSON.stringify(result.errors)}`);
      return result;
    };
    const { data } = await ask('{ changeSeq }', {});
    tell(`${data.changeSeq} changes numbered after ${((performance.now() - started) / 1000).toFixed(1)} s`);
    const only = new RegExp(values.only ?? '');
    const questions = (await questionsOf(ask, keys, runs)).filter(({ name }) => only.test(name));
    const figures = [];
    for (const question of questions) figures.push(await measure(ask, seen, question));
    const replay = await measureReplay(url, Number(data.changeSeq), tell);
    const slowest = [...figures].sort((a, b) => b.p99 - a.p99);
    tell(`slowest: ${slowest[0]?.name}, p99 ${slowest[0]?.p99.toFixed(1)} ms`);
    report = { server: keys.version, runs, figures, replay };
  } finally {
    await service.close();
  }
  const text = JSON.stringify({ ...report, writes: await writes() }, null, 2);
  if (values.out) await writeFile(values.out, text);
  else console.log(text);
} finally {
  if (!values.data) await rm(dataDir, { recursive: true, force: true });
}
