/** Compares what two evaluations on the same records kept of each unit. */
import { conflict, invariant } from '../../errors.ts';
import type { Storage } from '../../storage/storage.ts';
import { spearman } from '../correlation.ts';
import { readUnits } from '../units/read.ts';
import type { QueryFigure, Units } from '../units/types.ts';
import { type Bootstrap, pairedBootstrap } from './bootstrap.ts';
import type { PairedUnits, Pause } from './paired-units.ts';
import { randomisationTest } from './randomisation.ts';
import type { CompareInput, Comparison } from './types.ts';

const rounds = 10_000;
const seed = 1;

/** Normal quantiles of 0.975 and 0.8: a two-sided test at 5 % finds this many standard errors in 80 % of cases. */
const detectableErrors = 1.959964 + 0.841621;

/** The second evaluation minus the first. Throws CONFLICT where they are of other units. */
export async function compareUnits(
  storage: Storage,
  { first, second, figure }: CompareInput,
  pause: Pause,
): Promise<Comparison> {
  const units = pairUnits(await readUnits(storage, first), await readUnits(storage, second), figure);
  const difference = differenceOf(units);
  const defined = 'value' in difference;
  const bootstrap = defined ? await pairedBootstrap(units, { resamples: rounds, seed, pause }) : null;
  const randomisation = defined ? await randomisationTest(units, { rounds, seed, pause }) : null;
  return {
    figure: units.task === 'ir' ? figure : 'cosine_spearman',
    units: units.first.length,
    difference: defined ? difference.value : null,
    low: bootstrap?.low ?? null,
    high: bootstrap?.high ?? null,
    p: randomisation?.p ?? null,
    detectable: bootstrap && detectableErrors * bootstrap.standardError,
    resamples: bootstrap?.resamples ?? 0,
    verdict: verdictOf(bootstrap),
    undefinedReason: defined ? null : difference.undefined,
  };
}

function pairUnits(first: Units, second: Units, figure: QueryFigure): PairedUnits {
  const isSame = first.ids.length === second.ids.length && first.ids.every((id, unit) => id === second.ids[unit]);
  if (first.task === 'ir' && second.task === 'ir' && isSame) {
    return { task: 'ir', first: first.values[figure], second: second.values[figure] };
  }
  if (first.task === 'sts' && second.task === 'sts' && isSame) {
    return { task: 'sts', first: first.cosines, second: second.cosines, grades: first.grades };
  }
  throw conflict('The evaluations are of other queries or pairs', {
    field: 'second',
    expected: 'evaluations on the same split of the same data set version',
    remedy: 'Evaluate both on the same data set.',
  });
}

function differenceOf(units: PairedUnits): { readonly value: number } | { readonly undefined: string } {
  const { first, second } = units;
  if (first.length === 0) return { undefined: 'there are no units' };
  if (units.task === 'ir') {
    const sum = Array.from(first, (value, unit) => second[unit]! - value).reduce((total, value) => total + value, 0);
    return { value: sum / first.length };
  }
  const [before, after] = [first, second].map((cosines) => spearman(cosines, units.grades));
  invariant(before && after, 'two correlations');
  if ('undefined' in before) return before;
  return 'undefined' in after ? after : { value: after.value - before.value };
}

function verdictOf(bootstrap: Bootstrap | null): Comparison['verdict'] {
  if (bootstrap === null || (bootstrap.low <= 0 && bootstrap.high >= 0)) return 'undecided';
  return bootstrap.low > 0 ? 'better' : 'worse';
}
