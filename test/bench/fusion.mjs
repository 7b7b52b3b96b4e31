/**
 * Seconds and memory of fusing three models of 500 MB each (large-model.mjs), method by method, from the built tree:
 *   npm run build && node test/bench/fusion.mjs [METHOD ...]
 * A process each, so that its largest resident set is that method's own; `nothing fused` is one that only loads the
 * code. Models lie in a folder of temporary files, 2.5 GB in all, which is removed. `cpu` is processor time of all
 * threads. The largest tensor has 154 MB: one of theta_0, one of each checkpoint and the result are held.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fusionCatalog } from '../../dist/src/fusion/catalog.js';
import { fuse } from '../../dist/src/fusion/fuse.js';
import { openStorage } from '../../dist/src/storage/storage.js';
import { publishLargeModel } from './large-model.mjs';
import { cpuNow, drawn } from './setup.mjs';

if (process.send === undefined) await measureAll(process.argv.slice(2));
else process.once('message', measureOne);

async function measureAll(names) {
  const root = await mkdtemp(join(tmpdir(), 'tandem-bench-'));
  try {
    const storage = openStorage(root);
    const { digest: initial, bytes } = await publishLargeModel(storage);
    const checkpoints = [];
    for (const seed of [1, 2, 3]) checkpoints.push((await publishLargeModel(storage, movedFrom(initial, seed))).digest);
    console.log(`four models of ${(bytes / 1e6).toFixed(0)} MB; nothing fused: ${await inChild({ root })}`);
    for (const [method, parameters] of cases(names)) {
      const found = await inChild({ root, input: { plan: { method, parameters }, initial, checkpoints } });
      console.log(`${[method, ...Object.values(parameters)].join(' ')}: ${found}`);
    }
  } finally {
    await rm(root, { recursive: true });
  }
}

/** Every method with its defaults, and the granularities and choices whose loops differ. */
function cases(names) {
  const others = { 'delta-guided': [{ granularity: 'element' }, { granularity: 'layer' }], slerp: [{ of: 'deltas' }] };
  const found = fusionCatalog.flatMap(({ name }) => [{}, ...(others[name] ?? [])].map((given) => [name, given]));
  return names.length === 0 ? found : found.filter(([name]) => names.includes(name));
}

/** Moved by up to 1e-4: deltas of a fine-tuning. */
function movedFrom(initialisation, seed) {
  const change = (tensor) => {
    const deltas = drawn(tensor.data.length, seed * 31 + tensor.data.length, 1e-4);
    return { ...tensor, data: tensor.data.map((value, i) => value + deltas[i]) };
  };
  return { initialisation, change };
}

async function inChild(task) {
  const child = fork(import.meta.filename, { stdio: 'inherit' });
  child.send(task);
  const [[found]] = await Promise.all([once(child, 'message'), once(child, 'exit')]);
  return found;
}

async function measureOne({ root, input }) {
  const storage = openStorage(root);
  const [cpu, begun] = [cpuNow(), performance.now()];
  const fused = input && (await fuse(storage, input));
  const seconds = (milliseconds) => (milliseconds / 1000).toFixed(1);
  const time = `${seconds(performance.now() - begun)} s, cpu ${seconds(cpuNow() - cpu)} s`;
  if (fused) await rm(storage.path('models', fused.digest), { recursive: true });
  const found = `${time}, largest resident set ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MB`;
  process.send(found, () => process.disconnect());
}
