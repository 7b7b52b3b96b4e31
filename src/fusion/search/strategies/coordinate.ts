/**
 * Coordinate search (docs/method.md section 5): from each of the best three plans one change at a time, in turn. The
 * changes of a plan are tried in seeded order until one is better; then those of the new plan. Where no change of any
 * is better, random plans follow.
 */
import { RandomStream } from '../../../random/keyed.ts';
import { grouped } from '../grouped.ts';
import { neighboursOf, without } from '../neighbours.ts';
import { countsOf, defaultPlan } from '../plans.ts';
import type { Proposals, Trials } from '../trials.ts';
import type { SearchPlan, SearchSpace } from '../types.ts';
import { randomPlans } from './random.ts';
import { singles } from './singles.ts';
import { randomStreams } from './streams.ts';

const starts = 3;

export function* coordinateSearch(space: SearchSpace, trials: Trials): Proposals {
  yield* singles(space, trials);
  yield* defaults(space, trials);
  yield* inTwoLevels(space, trials);
  const best = trials.fusions().slice(0, starts);
  yield* climbInTurn(
    best.map((start, number) => new Climb(space, trials, number, start)),
    trials,
  );
  yield* randomPlans(space, trials);
}

/** Every method with its defaults over all checkpoints, or over the best ones where it takes fewer. */
function* defaults({ methods, checkpoints }: SearchSpace, trials: Trials): Proposals {
  const listed = Array.from({ length: checkpoints }, (_, k) => k);
  for (const method of methods) {
    const { min, max } = countsOf(method, checkpoints);
    const best = trials.singles().map(({ checkpoint }) => checkpoint);
    const chosen = max === checkpoints ? listed : best.slice(0, max);
    if (chosen.length >= min) yield* trials.propose({ origin: 'default', plan: defaultPlan(method, chosen) });
  }
}

/** The best of those, by each of the groupings. */
function* inTwoLevels({ groupings }: SearchSpace, trials: Trials): Proposals {
  const [best] = trials.fusions();
  for (const grouping of best ? groupings : []) {
    const plan = best && grouped(best.plan, grouping);
    if (plan) yield* trials.propose({ origin: 'default', plan });
  }
}

/** A candidate of each in turn, until no change of any is better. */
function* climbInTurn(climbs: readonly Climb[], trials: Trials): Proposals {
  for (let went = true; went; ) {
    went = false;
    for (const climb of climbs) {
      const plan = climb.next();
      if (!plan) continue;
      went = true;
      climb.learn(plan, yield* trials.propose({ origin: 'coordinate', plan }));
    }
  }
}

interface ScoredPlan {
  readonly plan: SearchPlan;
  readonly score: number;
}

class Climb {
  readonly #space: SearchSpace;
  readonly #trials: Trials;
  readonly #number: number;
  #current: ScoredPlan;
  #sweep = 0;
  #changes: SearchPlan[];

  constructor(space: SearchSpace, trials: Trials, number: number, start: ScoredPlan) {
    this.#space = space;
    this.#trials = trials;
    this.#number = number;
    this.#current = start;
    this.#changes = this.#ordered();
  }

  /** The next change that was not tried before, by this climb or another; undefined = none is left. */
  next(): SearchPlan | undefined {
    let plan = this.#changes.shift();
    while (plan && !this.#trials.isNew(plan)) plan = this.#changes.shift();
    return plan;
  }

  /** A better plan becomes the current one, whose changes are tried from then on. */
  learn(plan: SearchPlan, score: number | null): void {
    if (score === null || score <= this.#current.score) return;
    this.#current = { plan, score };
    this.#sweep++;
    this.#changes = this.#ordered();
  }

  /** First the plan without the checkpoint that is worst by itself, of equal ones the last; the others shuffled. */
  #ordered(): SearchPlan[] {
    const { plan } = this.#current;
    const random = new RandomStream(this.#space.seed, randomStreams.sweeps, this.#number, this.#sweep);
    const changes = random.shuffle(neighboursOf(plan, this.#space));
    const worst = this.#trials.singles().findLast(({ checkpoint }) => plan.inputs.includes(checkpoint));
    const first = worst && without(plan, worst.checkpoint);
    return first ? [first, ...changes] : changes;
  }
}
