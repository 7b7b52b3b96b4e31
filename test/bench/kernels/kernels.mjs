/** Every kernel of encoding, training and searching by itself: time on the device, bytes or operations counted. */
import { ceilingFor } from '../ceilings/ceilings.mjs';
import { clocked, repeatsFor } from '../measure.mjs';
import { attentionCases } from './attention.mjs';
import { Hold } from './hold.mjs';
import { lossCases } from './losses.mjs';
import { productCases } from './products.mjs';
import { rowCases } from './rows.mjs';
import { tableCases } from './tables.mjs';

const roundMs = 25;

/** Tokens of the cases: what fills a CPU, and what fills a GPU. */
export const rowsFor = ({ adapter }) => (adapter.software ? 1152 : 18_432);

/** Returns the names of the kernels that were measured. */
export async function benchKernels({ gpu, report, ceilings, threads, rounds }) {
  const rows = rowsFor(gpu);
  const cases = [
    ...productCases(gpu, rows),
    ...attentionCases(gpu, rows),
    ...rowCases(gpu, rows),
    ...tableCases(gpu, rows),
    ...lossCases(gpu),
  ];
  const seen = new Set();
  for (const one of cases) {
    const hold = new Hold(gpu);
    const { run, works } = one.prepare(hold);
    for (const { kernel, milliseconds } of await timesOf(gpu, run, rounds)) {
      seen.add(kernel);
      const prefix = Object.keys(works).find((name) => kernel.startsWith(name));
      const work = works[prefix] ?? {};
      const amount = work.flops ?? work.bytes;
      const ceiling = amount === undefined ? undefined : ceilingFor(ceilings, work, threads);
      const unit = work.flops !== undefined ? 'GFLOP/s' : work.bytes !== undefined ? 'GB/s' : 'ms';
      report.add({ part: 'kernels', name: `${one.name}: ${kernel}`, unit, amount, milliseconds, ceiling });
    }
    hold.free();
  }
  return seen;
}

/** Milliseconds that each kernel takes in one call of `run`, of all rounds. */
async function timesOf(gpu, run, rounds) {
  const repeated = (times) => async () => {
    for (let i = 0; i < times; i++) run();
    gpu.submit();
    await gpu.idle();
  };
  const repeats = await repeatsFor(repeated(1), roundMs);
  const times = new Map();
  const walls = [];
  for (let round = 0; round < rounds; round++) {
    let found = [];
    walls.push(
      (await clocked(async () => {
        found = (await gpu.timed(repeated(repeats))).kernels;
      })) / repeats,
    );
    for (const { kernel, milliseconds } of found) {
      times.set(kernel, [...(times.get(kernel) ?? []), milliseconds / repeats]);
    }
  }
  // An adapter without timestamps: all kernels of the case together, by the clock.
  if (times.size === 0) return [{ kernel: 'all kernels together', milliseconds: walls }];
  return [...times].map(([kernel, milliseconds]) => ({ kernel, milliseconds }));
}
