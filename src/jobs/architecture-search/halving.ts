/**
 * Successive halving (Jamieson and Talwalkar 2016, arXiv 1502.07943): all candidates are trained for a small part of
 * the updates, the best of them anew for eta times as many, until one is trained for all. Pure functions of what is
 * known; candidates are numbers, and 0 is the default configuration.
 */

export interface HalvingPlan {
  /** Number of candidates of the first rung. */
  readonly candidates: number;
  readonly eta: number;
  /** T, the updates of a run at the last rung. */
  readonly steps: number;
}

export interface Judged {
  readonly rung: number;
  readonly candidate: number;
  /** Joint score; null = its run did not succeed. */
  readonly score: number | null;
}

export interface Rung {
  readonly number: number;
  readonly steps: number;
  readonly candidates: readonly number[];
}

export type Next =
  | { readonly type: 'rung'; readonly rung: Rung }
  | { readonly type: 'winner'; readonly candidate: number }
  /** No run of this rung has a score. */
  | { readonly type: 'nothing'; readonly rung: number };

/** Candidates of each rung: n, ceil(n / eta) and so on, down to 1. */
export function rungSizes({ candidates, eta }: Pick<HalvingPlan, 'candidates' | 'eta'>): readonly number[] {
  const sizes = [candidates];
  for (let size = candidates; size > 1; sizes.push(size)) size = Math.ceil(size / eta);
  return sizes;
}

/** Updates of a run at each rung: T at the last, an eta-th of the next at the others, rounded, at least 1. */
export function rungSteps(plan: HalvingPlan): readonly number[] {
  const rungs = rungSizes(plan).length;
  return Array.from({ length: rungs }, (_, rung) =>
    Math.max(1, Math.round(plan.steps / plan.eta ** (rungs - 1 - rung))),
  );
}

/** The `count` candidates of the highest scores, in order of their numbers. Ties keep the earlier. */
export function keptOf(trials: readonly Judged[], count: number): readonly number[] {
  const scored = trials.flatMap(({ candidate, score }) => (score === null ? [] : [{ candidate, score }]));
  scored.sort((a, b) => b.score - a.score || a.candidate - b.candidate);
  return scored
    .slice(0, count)
    .map(({ candidate }) => candidate)
    .sort((a, b) => a - b);
}

/**
 * What follows from the trials so far, all of whose runs have ended. The default configuration is trained at the last
 * rung in any case, for comparison; it wins only where halving has kept it.
 */
export function nextOf(plan: HalvingPlan, trials: readonly Judged[]): Next {
  const [sizes, steps] = [rungSizes(plan), rungSteps(plan)];
  const last = sizes.length - 1;
  let contenders: readonly number[] = Array.from({ length: plan.candidates }, (_, candidate) => candidate);
  for (let rung = 0; rung <= last; rung++) {
    const made = trials.filter((trial) => trial.rung === rung);
    if (made.length === 0) {
      const compared = rung === last && !contenders.includes(0) ? [0] : [];
      return {
        type: 'rung',
        rung: { number: rung, steps: steps[rung] ?? 1, candidates: [...compared, ...contenders] },
      };
    }
    const judged = made.filter(({ candidate }) => contenders.includes(candidate));
    contenders = keptOf(judged, sizes[rung + 1] ?? 1);
    if (contenders.length === 0) return { type: 'nothing', rung };
  }
  return { type: 'winner', candidate: contenders[0] ?? 0 };
}
