/**
 * Fine differences (docs/method.md section 6): of two pairs with different grades, how often the one with the higher
 * grade has the higher cosine, by the gap of the grades. Equal cosines count half. Over all n (n - 1) / 2 choices, in
 * O(n log n).
 */
import { rankGroups } from './rank-sums.ts';

/** Ranges of gaps on the scale 0..1, the upper end included; each begins where the one before ends. */
export const gapRanges = [
  { above: 0, upTo: 0.1 },
  { above: 0.1, upTo: 0.25 },
  { above: 0.25, upTo: 0.5 },
  { above: 0.5, upTo: 1 },
] as const;

/** Grades are compared in whole millionths: a gap of a tenth is one, whatever f32 made of its ends. */
const gradeUnit = 1e6;

/** Accuracy for each of {@link gapRanges}; null where no two grades lie that far apart. */
export function orderAccuracies(cosines: ArrayLike<number>, grades: ArrayLike<number>): (number | null)[] {
  const scaled = Float64Array.from(grades, (grade) => Math.round(grade * gradeUnit));
  const order = Uint32Array.from({ length: scaled.length }, (_, pair) => pair).sort((a, b) => scaled[a]! - scaled[b]!);
  const ranks = rankGroups(cosines);
  const upTo = gapRanges.map((gap) => countWithin(order, scaled, ranks, Math.round(gap.upTo * gradeUnit)));
  return upTo.map((counts, range) => {
    const before = upTo[range - 1] ?? { choices: 0, right: 0 };
    const choices = counts.choices - before.choices;
    return choices === 0 ? null : (counts.right - before.right) / choices;
  });
}

interface Counts {
  /** Choices of two pairs whose grades differ by at most the gap, and differ. */
  choices: number;
  /** Those in the right order; equal cosines count half. */
  right: number;
}

/** Goes up the grades with a window of the pairs whose grade is lower by at most `gap`, counted by cosine. */
function countWithin(
  order: Uint32Array,
  grades: Float64Array,
  { groupOf, groups }: { readonly groupOf: Uint32Array; readonly groups: number },
  gap: number,
): Counts {
  const window = new PrefixCounts(groups);
  const counts: Counts = { choices: 0, right: 0 };
  let [first, end] = [0, 0];
  for (const pair of order) {
    const grade = grades[pair]!;
    for (; grades[order[end]!]! < grade; end++) window.add(groupOf[order[end]!]!, 1);
    for (; first < end && grades[order[first]!]! < grade - gap; first++) window.add(groupOf[order[first]!]!, -1);
    const lower = window.below(groupOf[pair]!);
    counts.choices += end - first;
    counts.right += (lower + window.below(groupOf[pair]! + 1)) / 2;
  }
  return counts;
}

/** Counts by number, with sums over all smaller numbers (Fenwick 1994, a binary indexed tree). */
class PrefixCounts {
  readonly #tree: Float64Array;

  constructor(size: number) {
    this.#tree = new Float64Array(size + 1);
  }

  add(number: number, count: number): void {
    for (let node = number + 1; node < this.#tree.length; node += node & -node) this.#tree[node]! += count;
  }

  /** Count of the numbers from 0 to `end` - 1. */
  below(end: number): number {
    let sum = 0;
    for (let node = end; node > 0; node -= node & -node) sum += this.#tree[node]!;
    return sum;
  }
}
