/** Every checkpoint as it is, in listed order: what a fusion has to beat, and what the other strategies begin with. */
import type { Proposals, Trials } from '../trials.ts';
import type { SearchSpace } from '../types.ts';

export function* singles({ checkpoints }: SearchSpace, trials: Trials): Proposals {
  for (let checkpoint = 0; checkpoint < checkpoints; checkpoint++) {
    yield* trials.propose({ origin: 'single', checkpoint });
  }
}
