/**
 * Checkpoints whose files are damaged or gone. The attempt that finds one is interrupted and notes it; the next goes
 * on from the checkpoint before, or begins anew, and reaches the same bits. A checkpoint that is made again is whole.
 */
import type { AttemptDetails } from '../../db/schema/types.ts';
import { TandemError, unavailable } from '../../errors.ts';
import type { Resumable } from '../../retention/resumable.ts';

/** Whether an error of going on from a checkpoint names one of its files. Those of theta_0 are no checkpoint's own. */
export function isDamageOf({ state, model }: Resumable, error: unknown, initial: string): error is TandemError {
  if (!(error instanceof TandemError) || error.details.reason !== 'damaged-file') return false;
  const { field = '' } = error.details;
  return field.includes(state) || (model !== initial && field.includes(model));
}

/** The error for people: what to do is to resume once more, if there is anything to go on from. */
export function interruptedByDamage({ message, details }: TandemError, from: Remaining): TandemError {
  return unavailable(message, { ...details, remedy: remedyOf(from) });
}

/** The whole checkpoint before the damaged one, the start, or a start whose optimizer state is gone. */
type Remaining = Resumable | 'start' | 'nothing';

function remedyOf(from: Remaining): string {
  if (from === 'nothing') {
    return (
      'The run cannot go on: no other checkpoint has its state, and the optimizer state that it began with is gone. ' +
      'Start another run whose optimizerState is FRESH, or from a checkpoint whose `resumable` is true.'
    );
  }
  const next =
    from === 'start'
      ? 'it begins again at step 0, for no other checkpoint has its state'
      : `it goes on from its checkpoint of step ${from.step}`;
  return `Resume the run: ${next}.`;
}

/** What `wholeCheckpoints` reads in later attempts. */
export const damageNote = ({ id }: Resumable, attempt: number): Pick<AttemptDetails, 'damaged'> => ({
  damaged: { checkpoint: id, attempt },
});
