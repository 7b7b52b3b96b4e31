/**
 * A model that Tandem trains and exports, scored by mteb itself: every figure that both have must be equal, and mteb
 * must read the result files and the model card. Not part of `npm test`: it needs Python with requirements.txt.
 *   npm run test:mteb -- DATA [--python PYTHON] [--retrieval cranfield] [--sts stsb-en]
 * DATA/stsb-en: train.tsv, dev.tsv, test.tsv with grades from 0 to 5; DATA/cranfield: a BEIR folder with qrels of
 * train and test. Ends with 1 where a figure differs.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    python: { type: 'string', default: 'python3' },
    sts: { type: 'string', default: 'stsb-en' },
    retrieval: { type: 'string', default: 'cranfield' },
  },
});
const [data] = positionals;
if (data === undefined) throw new Error('name the folder of the data: npm run test:mteb -- DATA');
const { sts, retrieval } = values;
const entry = resolve(import.meta.dirname, '../../dist/src/cli/main.js');
const work = mkdtempSync(join(tmpdir(), 'tandem-mteb-'));

/** Absolute differences that count as equal: mteb rounds what it calls at_k to five digits; the vectors are f32. */
const allowed = 2e-5;

const tandem = (...args) => {
  const text = execFileSync(process.execPath, [entry, '--data', work, '--json', ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 1 << 28,
  });
  return JSON.parse(text.trim().split('\n').at(-1));
};

/** Trains a small model on both data sets, evaluates and exports it. */
function trainAndExport() {
  tandem('import', sts, '--name', sts, '--importer', 'sts-table', '--scale', '0,5');
  tandem('import', retrieval, '--name', retrieval, '--importer', 'beir');
  const shape = ['--layers', '2', '--width', '64', '--heads', '4', '--inner-width', '256', '--max-positions', '128'];
  const vocabulary = ['--vocabulary-from', sts, '--vocabulary-from', retrieval, '--vocabulary-size', '4000'];
  tandem('create-model', '--name', 'mteb', ...shape, ...vocabulary, '--max-length', '128');
  const sizes = ['--ir-batch-size', '16', '--sts-batch-size', '64', '--positives', '1', '--negatives', '0'];
  const few = ['--max-batches', '60', '--epochs', '2', '--learning-rate', '0.002', '--dropout', '0'];
  const run = tandem('train', '--model', 'mteb', '--dataset', sts, '--dataset', retrieval, ...sizes, ...few, '--watch');
  const checkpoint = run.checkpoints.nodes.toSorted((a, b) => b.step - a.step)[0].id;
  const evaluations = tandem('evaluate', '--checkpoint', checkpoint, '--dataset', sts, '--dataset', retrieval);
  tandem('export-evaluations', '--checkpoint', checkpoint, '--folder', join(work, 'results'));
  const { path } = tandem('export', '--checkpoint', checkpoint, '--folder', 'mteb');
  const own = Object.fromEntries(
    evaluations.map(({ dataset, metrics }) => [
      dataset.name,
      Object.fromEntries(metrics.map(({ name, value }) => [name, value])),
    ]),
  );
  return { path, own };
}

function scoreByMteb(path) {
  const args = [join(import.meta.dirname, 'score.py'), path, join(data, sts), join(data, retrieval)];
  const env = { ...process.env, HF_HUB_OFFLINE: '1', TRANSFORMERS_OFFLINE: '1', HF_HOME: join(work, 'hf') };
  const text = execFileSync(values.python, [...args, join(work, 'results')], {
    encoding: 'utf8',
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 1 << 28,
  });
  return JSON.parse(text.trim().split('\n').at(-1));
}

/** Prints the figures of a task and counts those that differ. */
function compare(task, own, theirs) {
  const shared = Object.keys(own).filter((name) => typeof theirs[name] === 'number');
  const off = shared.filter((name) => !(Math.abs(own[name] - theirs[name]) <= allowed));
  const worst = Math.max(...shared.map((name) => Math.abs(own[name] - theirs[name])));
  console.log(
    `${task}: ${shared.length} figures of both, ${off.length} differ; largest difference ${worst.toExponential(1)}`,
  );
  for (const name of new Set([...off, 'ndcg_at_10', 'recall_at_100', 'mrr_at_10', 'cosine_spearman', 'cosine_pearson']))
    if (shared.includes(name))
      console.log(`  ${name}: Tandem ${own[name].toFixed(6)}, mteb ${theirs[name].toFixed(6)}`);
  if (shared.length < 6) throw new Error(`${task}: mteb gave no more than ${shared.length} of the figures`);
  return off.length;
}

async function serve() {
  for (const name of [sts, retrieval]) cpSync(join(data, name), join(work, 'import', name), { recursive: true });
  const server = spawn(process.execPath, [entry, 'serve', '--port', '0', '--data', work], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: server.stdout })) if (line.includes('Tandem serves')) return server;
  throw new Error('the server ended before it served');
}

let server;
try {
  server = await serve();
  const { path, own } = trainAndExport();
  const { mteb, read, card, version } = scoreByMteb(path);
  console.log(`mteb ${version}`);
  let different = 0;
  for (const task of [sts, retrieval]) {
    different += compare(task, own[task], mteb[task]);
    // The file as mteb reads it: its own rounding, nothing else.
    different += compare(`${task}, the result file`, own[task], read[task]);
  }
  for (const [task, main] of [
    [sts, 'cosine_spearman'],
    [retrieval, 'ndcg_at_10'],
  ]) {
    console.log(`${task} ${main}: ${card[`${task} ${main}`]} on the model card, ${read[task].main} as mteb's mean`);
    for (const value of [card[`${task} ${main}`], read[task].main])
      if (!(Math.abs(value - own[task][main]) <= allowed)) different++;
  }
  process.exitCode = different === 0 ? 0 : 1;
} finally {
  server?.kill('SIGTERM');
  if (server && server.exitCode === null) await once(server, 'exit');
  rmSync(work, { recursive: true, force: true });
}
