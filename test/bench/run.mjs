/**
 * The bench, from the built tree: ceilings of the machine, kernels, matrix products, encoding, training, searching and
 * `tandem embed`, beside other programs where their folder is given. People follow it on stderr; the result is one
 * JSON document, also where a part failed; the exit code is 1 then. CONTRIBUTING.md says how to read it.
 *   npm run bench -- --help
 */
import { writeFile } from 'node:fs/promises';
import { availableCores } from '../../dist/src/device/wasm/threads.js';
import { measureCeilings } from './ceilings/ceilings.mjs';
import { benchEmbed } from './embed.mjs';
import { benchEncode } from './encode.mjs';
import { benchKernels } from './kernels/kernels.mjs';
import { loadNow, machineOf } from './machine.mjs';
import { benchMatmul } from './matmul.mjs';
import { Report, threadsText } from './measure.mjs';
import { readOptions } from './options.mjs';
import { openPeers } from './peers/open.mjs';
import { benchSearch } from './search.mjs';
import { cpuNow, openBenchGpu } from './setup.mjs';
import { Texts } from './texts.mjs';
import { benchTrain } from './train.mjs';

const benches = {
  kernels: benchKernels,
  matmul: benchMatmul,
  search: benchSearch,
  encode: benchEncode,
  train: benchTrain,
  embed: benchEmbed,
};

const options = readOptions(process.argv.slice(2));
const begun = performance.now();
const loadBefore = loadNow();
const cores = options.threads ?? availableCores();
const openGpu = (threads) => openBenchGpu({ adapter: options.adapter, threads });
const gpu = await openGpu(options.threads);
const onCpu = gpu.adapter.backend === 'wasm';
/** Threads of the CPU device, of which one is measured too where products are; an adapter has none to choose. */
const threads = onCpu ? cores : null;
const threadCounts = onCpu ? [...new Set([threads, 1])] : [null];
console.error(`${gpu.adapter.name}${onCpu ? `, ${threadsText(threads)}` : ''}, load ${loadBefore.join(' ')}`);

const report = new Report();
console.error('ceilings');
const ceilings = await measureCeilings(gpu, threadCounts);
const peers = await openPeers({ ...options, threads: cores });
const texts = await Texts.open(options);
const context = { ...options, gpu, openGpu, threads, threadCounts, cores, report, ceilings, peers, texts };
let measured;

/** Kernels that encoding and training ran and that no case of `kernels` names. */
const unmeasured = () => {
  const ran = report.profiles.flatMap(({ kernels }) => kernels.map(({ kernel }) => kernel));
  return [...new Set(ran)].filter((kernel) => !measured.has(kernel));
};

/** What was measured so far, as text. */
function document() {
  const { figures, ratios, profiles, notes, failures } = report;
  const result = {
    format: 1,
    date: new Date().toISOString(),
    seconds: Math.round((performance.now() - begun) / 1000),
    processorSeconds: Math.round(cpuNow() / 1000),
    machine: machineOf(gpu.adapter, threads),
    load: { before: loadBefore, after: loadNow() },
    peers: peers.versions,
    ...{ ceilings, figures, ratios, profiles, notes, failures },
  };
  return `${JSON.stringify(result, null, 1)}\n`;
}

try {
  for (const [part, bench] of Object.entries(benches)) {
    if (!options.only.includes(part)) continue;
    console.error(part);
    // The other parts are worth having without it.
    const found = await bench(context).catch((error) => report.fail(part, error));
    if (part === 'kernels') measured = found;
    // Whoever ends a bench that takes too long keeps what it has.
    if (options.out !== undefined) await writeFile(options.out, document());
  }
} finally {
  await peers.end();
  await gpu.destroy();
}

if (measured !== undefined && unmeasured().length > 0)
  report.note(`kernels without a case: ${unmeasured().join(', ')}`);
if (options.out === undefined) process.stdout.write(document());
else await writeFile(options.out, document());
if (report.failures.length > 0) process.exitCode = 1;
