/** Random search: plans that were not tried before, until a thousand draws in a row give none. */
import { RandomStream } from '../../../random/keyed.ts';
import { randomPlan } from '../random-plan.ts';
import type { Proposals, Trials } from '../trials.ts';
import type { SearchPlan, SearchSpace } from '../types.ts';
import { singles } from './singles.ts';
import { randomStreams } from './streams.ts';

const mostDraws = 1_000;

export function* randomSearch(space: SearchSpace, trials: Trials): Proposals {
  yield* singles(space, trials);
  yield* randomPlans(space, trials);
}

/** What is drawn depends on the seed and the number of the candidate. */
export function* randomPlans(space: SearchSpace, trials: Trials): Proposals {
  for (let plan = draw(space, trials); plan; plan = draw(space, trials)) {
    yield* trials.propose({ origin: 'random', plan });
  }
}

function draw(space: SearchSpace, trials: Trials): SearchPlan | undefined {
  const random = new RandomStream(space.seed, randomStreams.plans, trials.count);
  for (let drawn = 0; drawn < mostDraws; drawn++) {
    const plan = randomPlan(random, space);
    if (trials.isNew(plan)) return plan;
  }
  return undefined;
}
