/**
 * Makes the environment of the peers that Tandem is measured beside, in a folder outside the repository:
 *   node test/bench/peers/setup.mjs FOLDER [python, default python3]
 * FOLDER/venv gets PyTorch, sentence-transformers and what exports ONNX, FOLDER/node_modules gets onnxruntime's and
 * TensorFlow.js' packages, all of the versions below. Three minutes and 2 GB where pip finds PyTorch for the CPU alone
 * (on Linux x64: PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu), else 7 GB.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { pythonOf } from './folder.mjs';

const pythonPackages = [
  'torch==2.13.0',
  'sentence-transformers==6.2.0',
  'transformers==5.24.0',
  'onnx==1.23.2',
  'onnxscript==0.7.2',
];
const nodePackages = {
  'onnxruntime-node': '1.30.0',
  '@tensorflow/tfjs-core': '4.22.0',
  '@tensorflow/tfjs-backend-wasm': '4.22.0',
};

const repository = resolve(import.meta.dirname, '../../..');
const [given, python = 'python3'] = process.argv.slice(2);
if (given === undefined) throw new Error('The folder is missing: node test/bench/peers/setup.mjs FOLDER [python]');
const folder = resolve(given);
if (!relative(repository, folder).startsWith('..')) {
  throw new Error(`${folder} lies in the repository: name a folder outside of ${repository}`);
}

function run(command, args) {
  console.error(`${command} ${args.join(' ')}`);
  const { status, error } = spawnSync(command, args, { cwd: folder, stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) throw new Error(`${command} failed: ${error?.message ?? `it exited with ${status}`}`);
}

mkdirSync(folder, { recursive: true });
if (!existsSync(pythonOf(folder))) run(python, ['-m', 'venv', 'venv']);
run(pythonOf(folder), ['-m', 'pip', 'install', '--quiet', ...pythonPackages]);
writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies: nodePackages }, null, 2));
// onnxruntime's script would download the provider for CUDA; what computes on the CPU is in the package.
run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund']);
console.error(`done: npm run bench -- --peers ${folder}`);
