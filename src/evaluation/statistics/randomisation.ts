/**
 * Paired randomisation test (Noreen 1989; Smucker et al. 2007): if the two systems were the same, the two values of a
 * unit could be exchanged. For similarity the ranks are exchanged, not the cosines, whose scale differs by model.
 */
import { RandomStream } from '../../random/keyed.ts';
import { type PairedUnits, type Pause, roundsBetweenPauses } from './paired-units.ts';
import { centredRanks } from './rank-sums.ts';

export interface Randomisation {
  /** Two-sided: (1 + rounds with a difference at least as large) / (1 + rounds). */
  readonly p: number;
  readonly rounds: number;
}

export interface RandomisationOptions {
  readonly rounds: number;
  readonly seed: number;
  readonly pause: Pause;
}

/** Null where the statistic of the units as they are is undefined. */
export async function randomisationTest(
  units: PairedUnits,
  { rounds, seed, pause }: RandomisationOptions,
): Promise<Randomisation | null> {
  const count = units.first.length;
  const differenceOf = units.task === 'ir' ? meanDifference(units) : correlationDifference(units);
  const swapped = new Uint8Array(count);
  const observed = count === 0 ? null : differenceOf(swapped);
  if (observed === null) return null;
  const least = Math.abs(observed) * (1 - roundingShare);
  const random = new RandomStream(seed, randomisationStream);
  let hits = 0;
  for (let round = 0; round < rounds; round++) {
    if (round % roundsBetweenPauses(count) === 0) await pause();
    drawSwaps(random, swapped);
    const difference = differenceOf(swapped);
    if (difference !== null && Math.abs(difference) >= least) hits++;
  }
  return { p: (1 + hits) / (1 + rounds), rounds };
}

/** Second word of the stream's name. */
const randomisationStream = 2;

/** Sums of equal terms with other signs may differ in their last bits: such a difference still is as large. */
const roundingShare = 1e-12;

/** A fair coin for every unit, 32 of one number, its lowest bit first. */
function drawSwaps(random: RandomStream, swapped: Uint8Array): void {
  let bits = 0;
  for (let unit = 0; unit < swapped.length; unit++) {
    if (unit % 32 === 0) bits = random.uint32();
    swapped[unit] = bits & 1;
    bits >>>= 1;
  }
}

type DifferenceOf = (swapped: Uint8Array) => number | null;

function meanDifference({ first, second }: PairedUnits): DifferenceOf {
  const differences = Float64Array.from(first, (value, unit) => second[unit]! - value);
  return (swapped) => {
    let sum = 0;
    for (let unit = 0; unit < differences.length; unit++) {
      sum += swapped[unit] === 1 ? -differences[unit]! : differences[unit]!;
    }
    return sum / differences.length;
  };
}

function correlationDifference({ first, second, grades }: Extract<PairedUnits, { task: 'sts' }>): DifferenceOf {
  const [ranksA, ranksB, g] = [first, second, grades].map(centredRanks) as [Float64Array, Float64Array, Float64Array];
  const gg = g.reduce((sum, value) => sum + value * value, 0);
  const n = g.length;
  return (swapped) => {
    let [a1, b1, aa, bb, ag, bg] = [0, 0, 0, 0, 0, 0];
    for (let unit = 0; unit < n; unit++) {
      const isSwapped = swapped[unit] === 1;
      const a = (isSwapped ? ranksB : ranksA)[unit]!;
      const b = (isSwapped ? ranksA : ranksB)[unit]!;
      a1 += a;
      b1 += b;
      aa += a * a;
      bb += b * b;
      ag += a * g[unit]!;
      bg += b * g[unit]!;
    }
    // Ranks that were exchanged no longer have the mean 0; the grades' still have, so their sums need no correction.
    const varianceA = aa - (a1 * a1) / n;
    const varianceB = bb - (b1 * b1) / n;
    if (varianceA <= 0 || varianceB <= 0 || gg === 0) return null;
    return bg / Math.sqrt(varianceB * gg) - ag / Math.sqrt(varianceA * gg);
  };
}
