/**
 * Slerp: spherical interpolation of the flattened tensors, of more than two along a balanced tree. Every inner vector
 * of the tree is a sum of checkpoints, so its products follow from theirs, and one pass over the values makes the
 * result.
 * Source: Shoemake 1985, doi 10.1145/325165.325242; lerp where vectors are nearly parallel, as mergekit does.
 */
import { type Branch, branchOf } from '../branches.ts';
import { gramOf, plusDeltas, weightedSum } from '../sums.ts';
import type { Method } from './method.ts';

export const slerp: Method<'slerp'> = ({ of }, _models, pause) => {
  // By name: a tensor may be merged more than once.
  const merged = new Map<string, Pick<Interpolation, 'angles' | 'lerps'>>();
  return {
    async merge({ name }, tensor) {
      const tree = new Interpolation(await gramOf(tensor, of, pause));
      const coefficients = tree.of(branchOf(tensor.weights));
      merged.set(name, { angles: tree.angles, lerps: tree.lerps });
      return of === 'deltas'
        ? plusDeltas(tensor, coefficients, { factor: 1, divisor: 1 }, pause)
        : weightedSum(tensor, coefficients, 1, pause);
    },
    figures: () => ({
      tensors: merged.size,
      lerpTensors: [...merged.values()].filter(({ lerps }) => lerps > 0).length,
      medianAngle: medianOf([...merged.values()].flatMap(({ angles }) => angles)),
    }),
  };
};

/** Vectors are held as their [K] coefficients of the checkpoints'. */
type Vector = readonly number[];

/** Interpolates along a tree, and notes what it took. */
class Interpolation {
  /** Radians, of every pair of vectors that are not 0. */
  readonly angles: number[] = [];
  lerps = 0;
  readonly #gram: readonly Vector[];

  /** `gram` [K, K] holds the products of the checkpoints' vectors. */
  constructor(gram: readonly Vector[]) {
    this.#gram = gram;
  }

  /** t = weight of the right half / (weight of both). */
  of(branch: Branch): Vector {
    if ('leaf' in branch) return this.#gram.map((_, k) => (k === branch.leaf ? 1 : 0));
    const [left, right] = [this.of(branch.left), this.of(branch.right)];
    const [a, b] = this.#shares(left, right, branch.right.weight / branch.weight);
    return left.map((value, k) => a * value + b * right[k]);
  }

  /** What is taken of the two vectors themselves. */
  #shares(left: Vector, right: Vector, t: number): [number, number] {
    const norms = Math.sqrt(this.#product(left, left)) * Math.sqrt(this.#product(right, right));
    const cosine = norms > 0 ? this.#product(left, right) / norms : undefined;
    const angle = cosine === undefined ? undefined : Math.acos(Math.min(Math.max(cosine, -1), 1));
    if (angle !== undefined) this.angles.push(angle);
    if (cosine === undefined || angle === undefined || Math.abs(cosine) > 0.9995) {
      this.lerps++;
      return [1 - t, t];
    }
    return [Math.sin((1 - t) * angle) / Math.sin(angle), Math.sin(t * angle) / Math.sin(angle)];
  }

  #product(left: Vector, right: Vector): number {
    return left.reduce((sum, a, k) => sum + right.reduce((own, b, j) => own + a * b * this.#gram[k][j], 0), 0);
  }
}

/** Of an even number the mean of the two in the middle; null of none. */
function medianOf(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = Float64Array.from(values).sort();
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}
