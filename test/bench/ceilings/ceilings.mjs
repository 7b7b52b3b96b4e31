/**
 * What the machine can do at most, measured: multiplications and additions per second, and bytes per second of copying
 * and of reading, for working sets from a cache to the main memory. On the CPU by loops of WebAssembly in as many
 * threads as compute, so that they know no instruction that kernels have not; on an adapter by its own copies and by
 * the best matrix product known.
 */
import { Worker } from 'node:worker_threads';
import { matmulNT } from '../../../dist/src/kernels/matmul.js';
import { clocked, median, repeatsFor, rounded, threadsText } from '../measure.mjs';
import { loopsModule, turnSteps } from './loops.mjs';

/** Many short rounds: one of them is undisturbed on a machine that does other work too. */
const [rounds, roundMs] = [12, 15];
const MiB = 2 ** 20;
/** Bytes that all threads read and write together. */
const workingSets = [1 * MiB, 4 * MiB, 32 * MiB, 512 * MiB];

const simpler = ({ values, ...rest }) => ({
  ...rest,
  best: rounded(Math.max(...values)),
  median: rounded(median(values)),
});

async function startThreads(count, bytes) {
  const relaxed = loopsModule(true);
  const module = new WebAssembly.Module(WebAssembly.validate(relaxed) ? relaxed : loopsModule(false));
  const arrivals = new Int32Array(new SharedArrayBuffer(4));
  const workerData = { module, bytes, threads: count, arrivals };
  const workers = Array.from(
    { length: count },
    () => new Worker(new URL('loop-thread.mjs', import.meta.url), { workerData }),
  );
  let generation = 0;
  /** Milliseconds from the first thread's beginning to the last one's end. */
  const run = async (loop, args, repeats) => {
    generation += 1;
    const spans = await Promise.all(
      workers.map(
        (worker) =>
          new Promise((resolve, reject) => {
            worker.once('message', resolve);
            worker.once('error', reject);
            worker.postMessage({ loop, args, repeats, generation });
          }),
      ),
    );
    for (const worker of workers) worker.removeAllListeners('error');
    return Math.max(...spans.map(({ end }) => end)) - Math.min(...spans.map(({ begin }) => begin));
  };
  return { run, end: () => Promise.all(workers.map((worker) => worker.terminate())) };
}

/** Amounts per millisecond of some rounds of a loop; a call of it does `amount` in every thread. */
async function loopRates({ run }, threads, loop, args, amount) {
  await run(loop, args, 1);
  const repeats = Math.max(1, Math.round(roundMs / Math.max(await run(loop, args, 1), 0.001)));
  const rates = [];
  for (let round = 0; round < rounds; round++) {
    rates.push((threads * repeats * amount) / (await run(loop, args, repeats)) / 1e6);
  }
  return rates;
}

/** By loops in `threads` threads. */
async function ofThreads(threads) {
  const perThread = Math.floor(workingSets.at(-1) / threads / 256) * 256;
  const pool = await startThreads(threads, perThread);
  const found = [];
  const turns = 200_000;
  const flops = await loopRates(pool, threads, 'multiply', [turns], turns * turnSteps * 8);
  found.push({ name: 'multiply-add', unit: 'GFLOP/s', threads, values: flops });
  for (const all of workingSets) {
    const half = Math.floor(all / threads / 256) * 128;
    const ways = [
      await loopRates(pool, threads, 'copy', [0, half, half], 2 * half),
      await loopRates(pool, threads, 'bulk', [0, half, half], 2 * half),
    ];
    const values = Math.max(...ways[0]) > Math.max(...ways[1]) ? ways[0] : ways[1];
    found.push({ name: 'copy', unit: 'GB/s', threads, bytes: all, values });
    const read = await loopRates(pool, threads, 'read', [0, 2 * half], 2 * half);
    found.push({ name: 'read', unit: 'GB/s', threads, bytes: all, values: read });
  }
  await pool.end();
  return found.map(simpler);
}

/** By copies on an adapter, and by its matrix product. */
async function ofAdapter(gpu) {
  const bytes = Math.min(256 * MiB, Math.floor(gpu.largestBinding / MiB) * MiB);
  const [from, to] = [gpu.allocate('from', [bytes / 4]), gpu.allocate('to', [bytes / 4])];
  const size = gpu.adapter.software ? 512 : 4096;
  const [a, b, out] = ['a', 'b', 'out'].map((label) => gpu.allocate(label, [size, size]));
  const rates = async (amount, work) => {
    const repeats = await repeatsFor(() => repeated(1, work), roundMs);
    const values = [];
    for (let round = 0; round < rounds; round++) {
      values.push((repeats * amount) / (await clocked(() => repeated(repeats, work))) / 1e6);
    }
    return values;
  };
  const repeated = (times, work) => {
    for (let i = 0; i < times; i++) work();
    gpu.submit();
    return gpu.idle();
  };
  const copy = await rates(2 * bytes, () => gpu.copy(from, to));
  const flops = await rates(2 * size ** 3, () => matmulNT(gpu, { a, b, out }));
  for (const tensor of [from, to, a, b, out]) gpu.free(tensor);
  return [
    { name: 'multiply-add', unit: 'GFLOP/s', threads: null, values: flops },
    { name: 'copy', unit: 'GB/s', threads: null, bytes: 2 * bytes, values: copy },
  ].map(simpler);
}

/** Ceilings of a device; `threadCounts`: of the CPU device, for each of these numbers of threads. */
export async function measureCeilings(gpu, threadCounts) {
  const all = [];
  if (gpu.adapter.backend === 'wasm') for (const threads of threadCounts) all.push(...(await ofThreads(threads)));
  else all.push(...(await ofAdapter(gpu)));
  for (const { name, unit, threads, bytes, best } of all) {
    const of = [threads && threadsText(threads), bytes && `${bytes / MiB} MiB`].filter(Boolean).join(', ');
    console.error(`  ${`${name}${of && `, ${of}`}`.padEnd(64)} ${best.toFixed(1)} ${unit}`);
  }
  return all;
}

/** The ceiling of work that computes (`flops`) or moves bytes (`bytes`), in `threads` threads; undefined of neither. */
export function ceilingFor(ceilings, { flops, bytes }, threads) {
  const own = ceilings.filter((ceiling) => ceiling.threads === threads);
  if (flops !== undefined) return own.find(({ name }) => name === 'multiply-add')?.best;
  if (bytes === undefined) return undefined;
  const memory = own.filter(({ unit }) => unit === 'GB/s');
  const sizes = memory.map((ceiling) => ceiling.bytes);
  const size = Math.min(...sizes.filter((each) => each >= bytes), Math.max(...sizes));
  return Math.max(...memory.filter((ceiling) => ceiling.bytes === size).map(({ best }) => best));
}
