/**
 * Whole matrix products by the clock, packing included, in the three layouts of a linear layer at all-MiniLM-L6-v2's
 * shapes: on all threads, and on one. PyTorch computes the same in turns; TensorFlow.js, which runs in one thread, the
 * first layout.
 */
import { ceilingFor } from './ceilings/ceilings.mjs';
import { Hold } from './kernels/hold.mjs';
import { rowsFor } from './kernels/kernels.mjs';
import { productShapes, productsOf } from './kernels/products.mjs';
import { alternate, clocked, repeatsFor, secondsWith, threadsText } from './measure.mjs';

const roundMs = 60;
/** Rows of the shapes that are quoted: a micro-batch of sentences. */
const quotedRows = 1152;

export async function benchMatmul(context) {
  const { gpu, threads, threadCounts, openGpu, peers } = context;
  for (const count of threadCounts) {
    const device = count === threads ? gpu : await openGpu(count);
    await peers.torch?.ask('set_threads', { threads: count ?? context.cores });
    for (const rows of new Set([quotedRows, rowsFor(gpu)])) await atRows(context, device, count, rows);
    if (device !== gpu) await device.destroy();
  }
  await peers.torch?.ask('set_threads', { threads: threads ?? context.cores });
}

async function atRows({ report, ceilings, rounds, peers }, gpu, threads, rows) {
  for (const shape of productShapes(rows)) {
    const hold = new Hold(gpu);
    const products = productsOf(gpu, hold, shape);
    const flops = 2 * shape[0] * shape[1] * shape[2];
    for (const layout of ['nt', 'nn', 'tn']) {
      const { run, elements } = products[layout];
      const repeated = (times) => async () => {
        for (let i = 0; i < times; i++) run();
        gpu.submit();
        await gpu.idle();
      };
      const repeats = await repeatsFor(repeated(1), roundMs);
      const runners = { tandem: () => clocked(repeated(repeats)) };
      if (peers.torch) runners.torch = () => peers.torch.time('matmul', { shape, layout, repeats });
      if (peers.tfjs && layout === 'nt' && threads === 1) {
        runners.tfjs = () => peers.tfjs.time('matmul', { shape, repeats });
      }
      const times = await alternate(runners, { rounds, seconds: secondsWith(runners) });
      const name = `${layout} ${shape.join(' x ')}${threads === null ? '' : `, ${threadsText(threads)}`}`;
      const ceiling = ceilingFor(ceilings, { flops }, threads);
      const figure = { part: 'matmul', name, unit: 'GFLOP/s', amount: repeats * flops, ceiling };
      report.addAlternated({ ...figure, shared: { threads, layout, shape, bytes: 4 * elements } }, times);
    }
    hold.free();
  }
}
