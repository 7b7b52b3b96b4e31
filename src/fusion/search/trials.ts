/** The candidates of one search so far. A strategy proposes through it, so that no plan is tried twice. */
import { keyOf } from './plans.ts';
import type { Candidate, Scored, SearchPlan } from './types.ts';

/** Gives the next candidate and is told its joint score; ends where there is nothing left to try. */
export type Proposals<Result = void> = Generator<Candidate, Result, number | null>;

export class Trials {
  readonly #scored: Scored[] = [];
  readonly #seen = new Set<string>();

  /** How many candidates there were. */
  get count(): number {
    return this.#scored.length;
  }

  isNew(plan: SearchPlan): boolean {
    return !this.#seen.has(keyOf(plan));
  }

  /** Proposes a candidate; its score. */
  *propose(candidate: Candidate): Proposals<number | null> {
    const score = yield candidate;
    this.#scored.push({ candidate, score });
    if (candidate.plan) this.#seen.add(keyOf(candidate.plan));
    return score;
  }

  /** The fusions that have a score, the best first, of equal ones the earlier. */
  fusions(): { readonly plan: SearchPlan; readonly score: number }[] {
    const found = this.#scored.flatMap(({ candidate: { plan }, score }) =>
      plan && score !== null ? [{ plan, score }] : [],
    );
    return found.sort((a, b) => b.score - a.score);
  }

  /** The checkpoints as they are that have a score, the best first, of equal ones that which was listed earlier. */
  singles(): { readonly checkpoint: number; readonly score: number }[] {
    const found = this.#scored.flatMap(({ candidate: { checkpoint }, score }) =>
      checkpoint !== undefined && score !== null ? [{ checkpoint, score }] : [],
    );
    return found.sort((a, b) => b.score - a.score);
  }
}
