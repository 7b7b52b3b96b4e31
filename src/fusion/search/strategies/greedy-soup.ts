/** Greedy soup (docs/method.md section 5): one pass in descending order of the scores, ties in listed order. */
import { defaultPlan } from '../plans.ts';
import type { Proposals, Trials } from '../trials.ts';
import type { SearchSpace } from '../types.ts';
import { singles } from './singles.ts';

export function* greedySoup(space: SearchSpace, trials: Trials): Proposals {
  yield* singles(space, trials);
  const [best, ...others] = trials.singles();
  if (!best) return;
  let kept = { checkpoints: [best.checkpoint], score: best.score };
  for (const { checkpoint } of others) {
    const checkpoints = [...kept.checkpoints, checkpoint];
    const plan = defaultPlan('uniform-soup', checkpoints);
    const score = yield* trials.propose({ origin: 'greedy-soup', plan });
    if (score !== null && score >= kept.score) kept = { checkpoints, score };
  }
}
