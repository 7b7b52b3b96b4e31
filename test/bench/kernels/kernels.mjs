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
/** Stands for the name of a kernel where none was timed by itself. */
const allTogether = 'all together, by the clock';

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
  for (const { name, prepare } of cases) {
    const hold = new Hold(gpu);
    try {
      const { run, works } = prepare(hold);
      for (const { kernel, milliseconds } of await timesOf(gpu, run, rounds)) {
        seen.add(kernel);
        const work = kernel === allTogether ? sumOf(works) : workOf(works, kernel);
        const figure = { part: 'kernels', name: `${name}: ${kernel}`, milliseconds };
        report.add({ ...figure, ...rateOf(work), ceiling: ceilingFor(ceilings, work, threads) });
      }
    } catch (error) {
      report.fail(`kernels: ${name}`, error);
    } finally {
      hold.free();
    }
  }
  return seen;
}

/** The unit of a kernel's figure and how much of it a call does; where nothing is counted it is its time. */
function rateOf({ flops, bytes }) {
  if (flops !== undefined) return { unit: 'GFLOP/s', amount: flops };
  return bytes === undefined ? { unit: 'ms' } : { unit: 'GB/s', amount: bytes };
}

/** Bytes or operations of a kernel, by the first name of `works` that its own begins with. */
const workOf = (works, kernel) => works[Object.keys(works).find((name) => kernel.startsWith(name))] ?? {};

/** Bytes of all of them; nothing where some compute. */
function sumOf(works) {
  const all = Object.values(works);
  if (all.some(({ bytes }) => bytes === undefined)) return {};
  return { bytes: all.reduce((sum, { bytes }) => sum + bytes, 0) };
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
  // An adapter without timestamps, or with them and a case that has no kernels.
  if (times.size === 0) return [{ kernel: allTogether, milliseconds: walls }];
  return [...times].map(([kernel, milliseconds]) => ({ kernel, milliseconds }));
}
