/** How figures are taken: rounds of one or of several runners in turns, best and median of each, and the ratios. */
import { setTimeout as sleep } from 'node:timers/promises';

/** What `amount` in `ms` milliseconds comes to. */
const units = {
  'GFLOP/s': (amount, ms) => amount / ms / 1e6,
  'GB/s': (amount, ms) => amount / ms / 1e6,
  'tokens/s': (amount, ms) => (1000 * amount) / ms,
  'ms/query': (amount, ms) => ms / amount,
  'ms/step': (amount, ms) => ms / amount,
  ms: (_, ms) => ms,
};

/** Between two turns, so that threads that still look for work have gone to sleep. */
const pauseMs = 50;

export const median = (values) => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

export const rounded = (value) => Number(value.toPrecision(4));

/** A number of threads for people. */
export const threadsText = (count) => (count === 1 ? 'one thread' : `${count} threads`);

/** Milliseconds that `work` takes by the clock. */
export async function clocked(work) {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

/** How often `work` is repeated so that a round takes about so many milliseconds; runs it twice, as a warm-up. */
export async function repeatsFor(work, milliseconds) {
  await work();
  const once = await clocked(work);
  return Math.max(1, Math.min(2_000, Math.round(milliseconds / Math.max(once, 0.01))));
}

/**
 * `runners`: milliseconds of one turn, by name. All are run once as a warm-up, then `rounds` times in turns; after the
 * first round none begins when `seconds` are over.
 */
export async function alternate(runners, { rounds, seconds = Number.POSITIVE_INFINITY, warmUp = true }) {
  const names = Object.keys(runners);
  const times = Object.fromEntries(names.map((name) => [name, []]));
  if (warmUp) for (const name of names) await runners[name]();
  const begun = performance.now();
  for (let round = 0; round < rounds; round++) {
    if (round > 0 && performance.now() - begun > 1000 * seconds) break;
    for (const name of names) {
      if (names.length > 1) await sleep(pauseMs);
      times[name].push(await runners[name]());
    }
  }
  return times;
}

/** Where no peer waits for its turn, a figure is not worth more seconds than this. */
export const secondsWith = (runners) => (Object.keys(runners).length > 1 ? Number.POSITIVE_INFINITY : 4);

/** Everything that was measured. People see each figure on stderr as it comes. */
export class Report {
  figures = [];
  ratios = [];
  profiles = [];
  notes = [];
  failures = [];

  note(text) {
    this.notes.push(text);
    console.error(`  note: ${text}`);
  }

  /** A part that was given up. */
  fail(part, error) {
    this.failures.push({ part, message: error.message });
    console.error(`  failed: ${part}: ${error.stack}`);
  }

  /** Times `work` by kernel, and says which part of the whole time all kernels are together. */
  async profile(part, name, gpu, work) {
    const begun = performance.now();
    const { kernels } = await gpu.timed(work);
    const whole = performance.now() - begun;
    if (kernels.length === 0) return;
    const total = kernels.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
    const shares = kernels.map(({ kernel, calls, milliseconds }) => ({
      ...{ kernel, calls, milliseconds: rounded(milliseconds), share: rounded(milliseconds / total) },
    }));
    const inKernels = rounded(total / whole);
    this.profiles.push({ part, name, inKernels, kernels: shares });
    const first = shares.slice(0, 6).map(({ kernel, share }) => `${kernel} ${Math.round(100 * share)} %`);
    console.error(`    ${Math.round(100 * inKernels)} % in kernels, of that: ${first.join(', ')}`);
  }

  /** `milliseconds` of each round for `amount`; `ceiling` in the same unit; `more` is put beside the figure. */
  add({ part, name, by = 'tandem', unit, amount = 1, milliseconds, ceiling, ...more }) {
    const of = units[unit];
    const best = of(amount, Math.min(...milliseconds));
    const middle = of(amount, median(milliseconds));
    const figure = { part, name, by, unit, best: rounded(best), median: rounded(middle), rounds: milliseconds.length };
    if (ceiling !== undefined) Object.assign(figure, { ceiling, fraction: rounded(best / ceiling) });
    this.figures.push({ ...figure, milliseconds: rounded(Math.min(...milliseconds)), ...more });
    const share = figure.fraction === undefined ? '' : `, ${Math.round(100 * figure.fraction)} % of the ceiling`;
    const whose = by === 'tandem' ? name : `${name}, ${by}`;
    console.error(`  ${whose.padEnd(64)} ${figure.best} ${unit} (median ${figure.median})${share}`);
  }

  /**
   * Figures of runners that were measured in turns. The ratios say how many times as fast as a peer Tandem was:
   * best against best, and the median over the rounds. `amounts` of runners that did not do the same; `shared` is put
   * beside every figure.
   */
  addAlternated({ amounts = {}, shared, ...figure }, times) {
    for (const [by, milliseconds] of Object.entries(times)) {
      const { ceiling, ...own } = figure;
      const amount = amounts[by] ?? figure.amount;
      // A peer may use instructions that WebAssembly has not, so the ceiling is not its own.
      this.add({ ...own, ...(by === 'tandem' && { ceiling }), by, milliseconds, amount, ...shared });
    }
    const amountOf = (by) => amounts[by] ?? figure.amount ?? 1;
    const perAmount = (by) => times[by].map((ms) => ms / amountOf(by));
    for (const to of Object.keys(times).filter((by) => by !== 'tandem')) {
      const [ours, theirs] = [perAmount('tandem'), perAmount(to)];
      const byRound = median(ours.map((ms, round) => theirs[round] / ms));
      const byBest = Math.min(...theirs) / Math.min(...ours);
      this.ratios.push({ part: figure.part, name: figure.name, to, best: rounded(byBest), median: rounded(byRound) });
      console.error(`  ${`${figure.name}: Tandem against ${to}`.padEnd(64)} ${rounded(byBest)} times as fast`);
    }
  }
}
