/**
 * Paired bootstrap (Efron and Tibshirani 1993, section 13.3): units are drawn with replacement, for both systems alike,
 * and the statistic of each resample is computed anew, for similarity with its own ranks.
 */
import { RandomStream } from '../../random/keyed.ts';
import { type PairedUnits, type Pause, roundsBetweenPauses } from './paired-units.ts';
import { percentile } from './percentile.ts';
import { SampleRanks } from './rank-sums.ts';

export interface Bootstrap {
  /** Percentile 95 % interval of the second system's statistic minus the first's. */
  readonly low: number;
  readonly high: number;
  /** Standard deviation of the differences over the resamples. */
  readonly standardError: number;
  /** Resamples whose difference is defined; in the others all scores or all grades are equal. */
  readonly resamples: number;
}

export interface BootstrapOptions {
  readonly resamples: number;
  readonly seed: number;
  readonly pause: Pause;
}

/** Null without units, and where the statistic is defined for fewer than two of the resamples. */
export async function pairedBootstrap(units: PairedUnits, options: BootstrapOptions): Promise<Bootstrap | null> {
  const { resamples, seed, pause } = options;
  const count = units.first.length;
  if (count === 0) return null;
  const differenceOf = units.task === 'ir' ? meanDifference(units) : spearmanDifference(units);
  const random = new RandomStream(seed, bootstrapStream);
  const multiplicity = new Uint32Array(count);
  const differences: number[] = [];
  for (let resample = 0; resample < resamples; resample++) {
    if (resample % roundsBetweenPauses(count) === 0) await pause();
    multiplicity.fill(0);
    for (let draw = 0; draw < count; draw++) multiplicity[random.below(count)]!++;
    const difference = differenceOf(multiplicity);
    if (difference !== null) differences.push(difference);
  }
  return differences.length < 2 ? null : summaryOf(differences);
}

/** Second word of the stream's name, so that no other test draws the same numbers. */
const bootstrapStream = 1;

function summaryOf(differences: number[]): Bootstrap {
  const resamples = differences.length;
  const mean = differences.reduce((sum, value) => sum + value, 0) / resamples;
  const squares = differences.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const sorted = Float64Array.from(differences).sort();
  return {
    low: percentile(sorted, 0.025),
    high: percentile(sorted, 0.975),
    standardError: Math.sqrt(squares / (resamples - 1)),
    resamples,
  };
}

type DifferenceOf = (multiplicity: Uint32Array) => number | null;

function meanDifference({ first, second }: PairedUnits): DifferenceOf {
  const differences = Float64Array.from(first, (value, unit) => second[unit]! - value);
  return (multiplicity) => {
    let sum = 0;
    for (let unit = 0; unit < differences.length; unit++) sum += multiplicity[unit]! * differences[unit]!;
    return sum / differences.length;
  };
}

function spearmanDifference({ first, second, grades }: Extract<PairedUnits, { task: 'sts' }>): DifferenceOf {
  const count = grades.length;
  const rankers = [first, second, grades].map((values) => new SampleRanks(values));
  const ranks = rankers.map(() => new Float64Array(count));
  return (multiplicity) => {
    rankers.forEach((ranker, i) => {
      ranker.centred(multiplicity, count, ranks[i]!);
    });
    const [a, b, g] = ranks as [Float64Array, Float64Array, Float64Array];
    let [aa, bb, gg, ag, bg] = [0, 0, 0, 0, 0];
    for (let unit = 0; unit < count; unit++) {
      const times = multiplicity[unit]!;
      aa += times * a[unit]! * a[unit]!;
      bb += times * b[unit]! * b[unit]!;
      gg += times * g[unit]! * g[unit]!;
      ag += times * a[unit]! * g[unit]!;
      bg += times * b[unit]! * g[unit]!;
    }
    if (aa === 0 || bb === 0 || gg === 0) return null;
    return bg / Math.sqrt(bb * gg) - ag / Math.sqrt(aa * gg);
  };
}
