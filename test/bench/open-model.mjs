/**
 * Seconds to open a model of 500 MB in storage (random weights, BERT with 124 million parameters), from the built tree:
 *   npm run build && node test/bench/open-model.mjs
 * The file is in the page cache. `read`: folder opened, every tensor read and checked; `load`: the same onto the
 * adapter of this machine; `first`: read where version 0.2.0 left no manifest. Medians of seven; `cpu` is processor
 * time of all threads, steadier on a busy machine.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readModelFolder } from '../../dist/src/formats/model-folder.js';
import { loadEncoder } from '../../dist/src/nn/encoders/encoder.js';
import { readOwn } from '../../dist/src/storage/own-files.js';
import { openStorage } from '../../dist/src/storage/storage.js';
import { publishLargeModel } from './large-model.mjs';
import { cpuNow, openBenchGpu } from './setup.mjs';

const root = await mkdtemp(join(tmpdir(), 'tandem-bench-'));
const storage = openStorage(root);
const begun = performance.now();
const { digest, bytes } = await publishLargeModel(storage);
console.log(`written and published ${(bytes / 1e6).toFixed(0)} MB in ${seconds(begun)} s`);

const opened = (work) =>
  readOwn(storage, 'models', digest, async (path) => {
    const folder = await readModelFolder(path);
    try {
      await work(folder);
    } finally {
      await folder.close();
    }
  });
const readAll = () =>
  opened(async ({ weights }) => {
    for (const name of weights.tensors.keys()) await weights.read(name);
  });
const gpu = await openBenchGpu();
const load = () =>
  opened(async ({ spec: found, weights }) => {
    const encoder = await loadEncoder(gpu, found, weights, { training: false });
    encoder.parameters.free();
  });
const withoutManifest = async () => {
  await rm(join(storage.path('models', digest), 'manifest.json'), { force: true });
  await readAll();
};

for (const [label, work] of Object.entries({ read: readAll, load, first: withoutManifest })) {
  const [walls, cpus] = [[], []];
  for (let round = 0; round < 7; round++) {
    const [before, start] = [cpuNow(), performance.now()];
    await work();
    walls.push(Number(seconds(start)));
    cpus.push((cpuNow() - before) / 1000);
  }
  console.log(
    `${label}: ${median(walls).toFixed(2)} s, cpu ${median(cpus).toFixed(2)} s, fastest ${Math.min(...walls)} s`,
  );
}
await gpu.destroy();
await rm(root, { recursive: true });

function median(values) {
  return values.sort((a, b) => a - b)[values.length >> 1];
}

function seconds(start) {
  return ((performance.now() - start) / 1000).toFixed(2);
}
