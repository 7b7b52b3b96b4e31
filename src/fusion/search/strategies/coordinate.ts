/**
 * Coordinate search (docs/method.md section 5): from each of the best three plans one change at a time, in turn. The
 * changes of a plan are tried in seeded order until one is better; then those of the new plan. Where no change of any
 * is better, random plans follow.
 */
import { RandomStream } from '../../../random/keyed.ts';
import { grouped } from '../grouped.ts';
import { neighboursOf } from '../neighbours.ts';
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
    best.map((start, number) => new Climb(space, number, start)),
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
      const plan = climb.next(trials);
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
  readonly #number: number;
  #current: ScoredPlan;
  #sweep = 0;
  #changes: SearchPlan[];

  constructor(space: SearchSpace, number: number, start: ScoredPlan) {
    this.#space = space;
    this.#number = number;
    this.#current = start;
    this.#changes = this.#shuffled();
  }

  /** The next change that was not tried before, by this climb or another; undefined = none is left. */
  next(trials: Trials): SearchPlan | undefined {
    let plan = this.#changes.shift();
    while (plan && !trials.isNew(plan)) plan = this.#changes.shift();
    return plan;
  }

  /** A better plan becomes the current one, whose changes are tried from then on. */
  learn(plan: SearchPlan, score: number | null): void {
    if (score === null || score <= this.#current.score) return;
    this.#current = { plan, score };
    this.#sweep++;
    this.#changes = this.#shuffled();
  }

  #shuffled(): SearchPlan[] {
    const random = new RandomStream(this.#space.seed, randomStreams.sweeps, this.#number, this.#sweep);
    return random.shuffle(neighboursOf(this.#current.plan, this.#space));
  }
}
