/** A checkpoint in use. */
import type { CheckpointRow, ModelRow } from '../../db/schema.ts';

/** A checkpoint with the model it descends from: all that is needed to embed with it. */
export interface Encoder {
  readonly checkpoint: CheckpointRow;
  readonly model: ModelRow;
}
