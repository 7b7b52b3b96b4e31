/** A run that is to begin with the optimizer state of a checkpoint that has none. */
import { globalId } from '../../db/global-id.ts';
import type { CheckpointRow } from '../../db/schema.ts';
import { badInput, type TandemError } from '../../errors.ts';

/** `subject` begins the sentence. */
export const noOptimizerState = ({ id }: Pick<CheckpointRow, 'id'>, subject: string): TandemError =>
  badInput(`${subject} is to keep the optimizer state of checkpoint ${globalId('Checkpoint', id)}, which is gone`, {
    field: 'input.settings.optimizerState',
    expected: 'FRESH, or a checkpoint with its state: the last two of a run, and the best on its dev sets',
    remedy: 'Set settings.optimizerState to FRESH, or start from a checkpoint whose `resumable` is true.',
  });
