/** The options of run.mjs. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

export const parts = ['kernels', 'matmul', 'encode', 'train', 'search', 'embed'];

const models = ['minilm', 'base', 'quickstart'];

const usage = `node test/bench/run.mjs [options]; needs dist/ (npm run build)
  --only LIST       parts, by commas: ${parts.join(', ')} (default: all; embed only with --model and --data)
  --models LIST     of minilm, base, quickstart: what is encoded and trained with (default: all)
  --adapter NAME    cpu, gpu, auto or a part of an adapter's name (default: TANDEM_TEST_ADAPTER, else auto)
  --threads N       threads of the CPU device and of the peers (default: as many as there are cores)
  --rounds N        rounds of a figure (default 5)
  --vectors N       vectors that are searched (default 1000000, fewer where memory is short)
  --data FOLDER     holds stsb-en/{train,test}.tsv and cranfield/corpus.jsonl: their texts, not only their lengths
  --model FOLDER    all-MiniLM-L6-v2 (default: .model-cache/all-MiniLM-L6-v2, if it is there; else random weights)
  --peers FOLDER    what test/bench/peers/setup.mjs made: measures PyTorch, onnxruntime and TensorFlow.js in turns
  --out FILE        where the JSON goes (default: stdout)`;

const positive = (name, text) => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`--${name} is ${text}, expected a whole number above 0`);
  return value;
};

/** Those of `known` that a list with commas names; all without a list. */
function listed(name, text, known) {
  const chosen = text?.split(',') ?? known;
  const unknown = chosen.find((item) => !known.includes(item));
  if (unknown !== undefined) throw new Error(`--${name} names ${unknown}\n\n${usage}`);
  return chosen;
}

/** A folder that must hold a file, as an absolute path. */
function folderWith(name, path, file) {
  if (path === undefined) return undefined;
  if (!existsSync(join(path, file))) throw new Error(`--${name} ${path} does not hold ${file}\n\n${usage}`);
  return resolve(path);
}

export function readOptions(args) {
  const text = { type: 'string' };
  const options = Object.fromEntries(
    ['only', 'models', 'adapter', 'threads', 'rounds', 'vectors', 'data', 'model', 'peers', 'out'].map((name) => [
      name,
      text,
    ]),
  );
  const { values } = parseArgs({ args, options: { ...options, help: { type: 'boolean' } } });
  if (values.help) {
    console.log(usage);
    process.exit(0);
  }
  const cached = resolve(import.meta.dirname, '../../.model-cache/all-MiniLM-L6-v2');
  const model = values.model ?? (existsSync(join(cached, 'model.safetensors')) ? cached : undefined);
  const read = {
    only: listed('only', values.only, parts),
    models: listed('models', values.models, models),
    adapter: values.adapter ?? (process.env.TANDEM_TEST_ADAPTER || 'auto'),
    threads: values.threads === undefined ? undefined : positive('threads', values.threads),
    rounds: positive('rounds', values.rounds ?? 5),
    vectors: values.vectors === undefined ? undefined : positive('vectors', values.vectors),
    data: folderWith('data', values.data, join('stsb-en', 'train.tsv')),
    model: folderWith('model', model, 'tokenizer.json'),
    peers: folderWith('peers', values.peers, 'package.json'),
    out: values.out,
  };
  if (read.peers && !read.model) {
    throw new Error('The peers need a model: give --model, or run "npm run test:minilm -- --fetch" first');
  }
  return read;
}
