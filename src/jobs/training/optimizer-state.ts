/** A run that is to begin with the optimizer state of a checkpoint that has none. */
import { globalId } from '../../db/global-id.ts';
import type { CheckpointRow } from '../../db/schema.ts';
import { badInput, type TandemError } from '../../errors.ts';

/** `subject` begins the sentence. */
export const noOptimizerState = ({ id }: Pick<CheckpointRow, 'id'>, subject: string): TandemError =>
  badInput(`${subject} is to keep the optimizer state of checkpoint ${globalId('Checkpoint', id)}, which is gone`, {
    field: 'input.settings.optimizerState',
    expected: 'FRESH, or one of the last two checkpoints of a run: only they have their state',
    remedy: 'Set settings.optimizerState to FRESH, or start from a checkpoint whose `resumable` is true.',
  });
