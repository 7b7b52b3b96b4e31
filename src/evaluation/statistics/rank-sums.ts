/**
 * Sums that correlations of ranks are made of. Ranks are multiples of a half, counted from their mean, so every sum is
 * exact in f64 up to about 100,000 units and the order of summation decides nothing.
 */
import { averageRanks } from '../correlation.ts';

/** Values as groups of equal ones, in ascending order of value. */
export interface RankGroups {
  /** [N] number of the group of each unit. */
  readonly groupOf: Uint32Array;
  readonly groups: number;
}

export function rankGroups(values: ArrayLike<number>): RankGroups {
  const order = Array.from({ length: values.length }, (_, unit) => unit).sort((a, b) => values[a]! - values[b]!);
  const groupOf = new Uint32Array(values.length);
  let group = -1;
  order.forEach((unit, place) => {
    if (place === 0 || values[unit] !== values[order[place - 1]!]) group++;
    groupOf[unit] = group;
  });
  return { groupOf, groups: group + 1 };
}

/** Ranks of a sample in which units are drawn several times or not at all; buffers are used again by every call. */
export class SampleRanks {
  readonly #groups: RankGroups;
  readonly #counts: Float64Array;

  constructor(values: ArrayLike<number>) {
    this.#groups = rankGroups(values);
    this.#counts = new Float64Array(this.#groups.groups);
  }

  /** Writes the average rank of each unit, minus the mean rank, for a sample of `draws` units, into `ranks` [N]. */
  centred(multiplicity: Uint32Array, draws: number, ranks: Float64Array): void {
    const counts = this.#counts.fill(0);
    const { groupOf } = this.#groups;
    for (let unit = 0; unit < groupOf.length; unit++) counts[groupOf[unit]!]! += multiplicity[unit]!;
    let before = 0;
    for (let group = 0; group < counts.length; group++) {
      const count = counts[group]!;
      counts[group] = before + (count + 1) / 2 - (draws + 1) / 2;
      before += count;
    }
    for (let unit = 0; unit < groupOf.length; unit++) ranks[unit] = counts[groupOf[unit]!]!;
  }
}

/** Average ranks of the values, ascending, minus their mean. */
export function centredRanks(values: ArrayLike<number>): Float64Array {
  const middle = (values.length + 1) / 2;
  return averageRanks(values).map((rank) => rank - middle);
}
