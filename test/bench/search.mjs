/**
 * Exact search over vectors of 384 numbers: one query at a time and 32 together, beside a plain loop over Float32Array
 * in one thread and what the machine's bandwidth allows, and PyTorch's product and topk.
 */
import { freemem } from 'node:os';
import { rowsPerPage, searchVectors } from '../../dist/src/nn/nearest-neighbours.js';
import { alternate, clocked, secondsWith } from './measure.mjs';
import { drawn } from './setup.mjs';

const [dimension, k, wanted] = [384, 10, 1_000_000];

/** All vectors twice, on the device and in arrays, and a third time in the peer, in half of the free memory. */
const fitting = () => Math.floor(freemem() / 2 / 3 / (4 * dimension) / 1000) * 1000;

export async function benchSearch(context) {
  const { gpu, vectors = Math.min(wanted, fitting()), report } = context;
  if (vectors < 1000) return report.note(`search: no memory for ${vectors} vectors`);
  if (vectors < wanted) report.note(`search: ${vectors} vectors, not ${wanted}`);
  const perPage = Math.min(rowsPerPage(gpu, dimension), 65_536);
  const arrays = Array.from({ length: Math.ceil(vectors / perPage) }, (_, page) =>
    drawn(Math.min(perPage, vectors - page * perPage) * dimension, page),
  );
  const pages = arrays.map((values) => {
    const page = gpu.allocate('segment', [values.length / dimension, dimension]);
    gpu.write(page, values);
    return page;
  });
  await gpu.idle();
  await context.peers.torch?.ask('vectors', { count: vectors, width: dimension });
  for (const count of [1, 32]) await measure(context, { vectors, arrays, pages, count });
  await context.peers.torch?.ask('forget', { name: 'vectors' });
  for (const page of pages) gpu.free(page);
}

async function measure({ gpu, report, ceilings, threads, rounds, peers }, { vectors, arrays, pages, count }) {
  const queries = drawn(count * dimension, 1_000_003);
  const search = { pages, queries, dimension, k };
  const runners = { tandem: () => clocked(() => searchVectors(gpu, search)) };
  // Beside 32 queries one of the loop's is enough: it takes as long for each.
  runners['plain loop'] = () => clocked(() => plainSearch(arrays, queries.subarray(0, dimension)));
  if (peers.torch) runners.torch = () => peers.torch.time('search', { queries: count, k });
  const times = await alternate(runners, { rounds, seconds: peers.torch ? secondsWith(runners) : 8 });
  const bytes = 4 * vectors * dimension;
  const name = `${vectors} x ${dimension}, ${count === 1 ? 'one query' : `${count} queries together`}`;
  const amounts = { tandem: count, torch: count, 'plain loop': 1 };
  const shared = { bandwidthLimit: limitsOf(ceilings, bytes, threads) };
  report.addAlternated({ part: 'search', name, unit: 'ms/query', amounts, shared }, times);
}

/** Milliseconds in which all vectors can be read, by each measured bandwidth of the main memory. */
function limitsOf(ceilings, bytes, threads) {
  const memory = ceilings.filter((ceiling) => ceiling.unit === 'GB/s' && ceiling.threads === threads);
  const largest = Math.max(...memory.map((ceiling) => ceiling.bytes));
  const limits = memory.filter((ceiling) => ceiling.bytes === largest);
  return Object.fromEntries(limits.map(({ name, best }) => [name, `${(bytes / best / 1e6).toFixed(1)} ms`]));
}

/** What anyone would write: the k best rows of one query, best first. */
function plainSearch(arrays, query) {
  const best = [];
  let least = Number.NEGATIVE_INFINITY;
  let first = 0;
  for (const values of arrays) {
    const rows = values.length / dimension;
    for (let row = 0; row < rows; row++) {
      const at = row * dimension;
      let score = 0;
      for (let i = 0; i < dimension; i++) score += values[at + i] * query[i];
      if (score <= least) continue;
      best.push({ row: first + row, score });
      best.sort((a, b) => b.score - a.score);
      if (best.length > k) best.pop();
      if (best.length === k) least = best[k - 1].score;
    }
    first += rows;
  }
  return best;
}
