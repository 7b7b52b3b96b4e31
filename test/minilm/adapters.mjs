/**
 * Vectors of all-MiniLM-L6-v2 on two adapters, each in a process of its own, on real texts: the largest difference of a
 * value. From the built tree:
 *   node test/minilm/adapters.mjs MODEL DATA [cpu SwiftShader]
 * MODEL: its folder; DATA: a folder with stsb-en/test.tsv and cranfield/corpus.jsonl. Fails above 1e-5.
 */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { encodeTexts } from '../../dist/src/serve/encode.js';
import { openMiniLM, withEncoder } from '../bench/models.mjs';
import { openBenchGpu } from '../bench/setup.mjs';
import { Texts } from '../bench/texts.mjs';

/** Texts of each mix. */
const mixes = { sts: 200, cranfield: 12 };

async function encode(model, data, adapter) {
  const source = await Texts.open({ data, model });
  const gpu = await openBenchGpu({ adapter });
  const found = [];
  await withEncoder(gpu, openMiniLM(model), { training: false }, async (encoder) => {
    for (const [mix, count] of Object.entries(mixes)) {
      found.push(
        ...(await encodeTexts(encoder, await source.tokenise(await source.strings(mix, count)), { task: 'ir' })),
      );
    }
  });
  const { name } = gpu.adapter;
  await gpu.destroy();
  return { name, vectors: found };
}

function inOwnProcess(...args) {
  const options = { encoding: 'utf8', maxBuffer: 2 ** 28, stdio: ['ignore', 'pipe', 'inherit'] };
  const said = execFileSync(process.execPath, [fileURLToPath(import.meta.url), '--encode', ...args], options);
  return JSON.parse(said);
}

const [first, ...rest] = process.argv.slice(2);
if (first === '--encode') {
  process.stdout.write(JSON.stringify(await encode(...rest)));
} else {
  const [data, one = 'cpu', other = 'SwiftShader'] = rest;
  const [a, b] = [one, other].map((adapter) => inOwnProcess(first, data, adapter));
  const most = a.vectors.reduce((max, value, i) => Math.max(max, Math.abs(value - b.vectors[i])), 0);
  console.log(`${a.name} and ${b.name}: ${a.vectors.length} values, largest difference ${most.toExponential(2)}`);
  if (!(a.vectors.length === b.vectors.length && most <= 1e-5)) process.exitCode = 1;
}
