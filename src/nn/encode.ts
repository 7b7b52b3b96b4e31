/** From token ids to unit vectors: encoder, pooling, L2 normalisation; of the last layer and, on request, of the inner one. */
import type { DeviceBatch } from './batch.ts';
import { type Encoder, innerBlock } from './encoders/encoder.ts';
import { encoderForwards } from './encoders/index.ts';
import { l2Normalize } from './ops/l2-normalize.ts';
import { pool } from './ops/pooling.ts';
import type { Tape, Value } from './tape.ts';
import type { DropoutSettings } from './types.ts';

export interface EncodeOptions {
  readonly dropout?: DropoutSettings | undefined;
  /** Also the inner layer's vectors. */
  readonly inner: boolean;
}

/** Unit vectors [B, C]. `inner` is `final` itself where the inner block is the last one. */
export interface Representations {
  readonly final: Value;
  readonly inner: Value | undefined;
}

/** Records the encoding of a batch. The results belong to the tape: copy or read them before its `dispose`. */
export function encodeBatch(tape: Tape, encoder: Encoder, batch: DeviceBatch, options: EncodeOptions): Representations {
  const { spec, parameters } = encoder;
  const innerIsLast = innerBlock(spec.architecture.layers) === spec.architecture.layers;
  const keepInner = options.inner && !innerIsLast;
  const hidden = encoderForwards[spec.family](tape, parameters, spec, { batch, dropout: options.dropout, keepInner });
  const unit = (state: Value): Value => {
    const pooled = pool(tape, state, batch, spec.pooling);
    tape.drop(state);
    const vector = l2Normalize(tape, pooled);
    tape.drop(pooled);
    return vector;
  };
  const inner = keepInner ? unit(hidden.inner) : undefined;
  const final = unit(hidden.final);
  return { final, inner: options.inner ? (inner ?? final) : undefined };
}
