/** Tests between two systems in float64 as the formulas stand, drawn from the same streams; never optimised. */
import type { PairedUnits } from '../../src/evaluation/statistics/paired-units.ts';
import { RandomStream } from '../../src/random/keyed.ts';

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Average rank of each value: those below it, and half of those equal to it. */
const ranksOf = (values: readonly number[]): number[] =>
  values.map((value) => {
    const below = values.filter((other) => other < value).length;
    const equal = values.filter((other) => other === value).length;
    return below + (equal + 1) / 2;
  });

function correlation(x: readonly number[], y: readonly number[]): number | null {
  const [mx, my] = [mean(x), mean(y)];
  const of = (a: readonly number[], ma: number, b: readonly number[], mb: number): number =>
    a.reduce((sum, value, i) => sum + (value - ma) * (b[i]! - mb), 0);
  if (new Set(x).size < 2 || new Set(y).size < 2) return null;
  return of(x, mx, y, my) / Math.sqrt(of(x, mx, x, mx) * of(y, my, y, my));
}

function difference(units: PairedUnits, at: readonly number[]): number | null {
  const [first, second] = [units.first, units.second].map((values) => at.map((unit) => values[unit]!));
  if (units.task === 'ir') return mean(second!) - mean(first!);
  const grades = ranksOf(at.map((unit) => units.grades[unit]!));
  const [a, b] = [correlation(ranksOf(first!), grades), correlation(ranksOf(second!), grades)];
  return a === null || b === null ? null : b - a;
}

/** The differences of all resamples that have one, ascending. */
export function bootstrapDifferences(units: PairedUnits, resamples: number, seed: number): number[] {
  const random = new RandomStream(seed, 1);
  const n = units.first.length;
  const found: number[] = [];
  for (let resample = 0; resample < resamples; resample++) {
    const value = difference(
      units,
      Array.from({ length: n }, () => random.below(n)),
    );
    if (value !== null) found.push(value);
  }
  return found.sort((a, b) => a - b);
}

/** (1 + hits) / (1 + rounds); null where the difference as it is has no value. */
export function randomisationP(units: PairedUnits, rounds: number, seed: number): number | null {
  const all = Array.from(units.first, (_, unit) => unit);
  const values = [units.first, units.second].map((system) => all.map((unit) => system[unit]!));
  const [a, b] = units.task === 'ir' ? values : values.map(ranksOf);
  const grades = units.task === 'sts' ? ranksOf(all.map((unit) => units.grades[unit]!)) : [];
  const differenceAfter = (swaps: readonly boolean[]): number | null => {
    const x = all.map((unit) => (swaps[unit] ? b! : a!)[unit]!);
    const y = all.map((unit) => (swaps[unit] ? a! : b!)[unit]!);
    if (units.task === 'ir') return mean(y) - mean(x);
    const [rx, ry] = [correlation(x, grades), correlation(y, grades)];
    return rx === null || ry === null ? null : ry - rx;
  };
  const observed = differenceAfter(all.map(() => false));
  if (observed === null) return null;
  const random = new RandomStream(seed, 2);
  let hits = 0;
  for (let round = 0; round < rounds; round++) {
    const words = Array.from({ length: Math.ceil(all.length / 32) }, () => random.uint32());
    const swaps = all.map((unit) => ((words[Math.floor(unit / 32)]! >>> (unit % 32)) & 1) === 1);
    const value = differenceAfter(swaps);
    if (value !== null && Math.abs(value) >= Math.abs(observed) * (1 - 1e-12)) hits++;
  }
  return (1 + hits) / (1 + rounds);
}

/** Share of right orders among all pairs of units whose grades differ by more than `low` and at most `high`. */
export function orderAccuracy(
  cosines: readonly number[],
  grades: readonly number[],
  [low, high]: readonly [number, number],
): number | null {
  let [choices, right] = [0, 0];
  for (const [i, grade] of grades.entries()) {
    for (const [j, other] of grades.entries()) {
      const gap = Math.round(grade * 1e6) - Math.round(other * 1e6);
      if (gap <= Math.round(low * 1e6) || gap > Math.round(high * 1e6)) continue;
      choices++;
      right += cosines[i]! > cosines[j]! ? 1 : cosines[i] === cosines[j] ? 0.5 : 0;
    }
  }
  return choices === 0 ? null : right / choices;
}
