/**
 * From token ids to vectors: encoder, pooling, dense layers, the task's head, L2 normalisation; of the last layer and,
 * on request, of the inner one, which is pooled and normalised only (method.md section 2).
 */
import type { Task } from '../data/types.ts';
import type { DeviceBatch } from './batch.ts';
import type { Encoder } from './encoders/encoder.ts';
import { type Forward, innerBlock } from './encoders/forward.ts';
import { forwardPassOf } from './encoders/index.ts';
import { dense } from './ops/dense.ts';
import { head } from './ops/head.ts';
import { l2Normalize } from './ops/l2-normalize.ts';
import { pool } from './ops/pooling.ts';
import type { Tape, Value } from './tape.ts';
import type { DropoutSettings } from './types.ts';

export interface EncodeOptions {
  /** Whose head makes the final vectors, in models that have one. */
  readonly task: Task;
  readonly dropout?: DropoutSettings | undefined;
  /** Also the inner layer's vectors. */
  readonly inner: boolean;
  /** Its number; absent = the middle one. */
  readonly innerLayer?: number | undefined;
  /** False: the final vectors as the dense layers leave them. Absent = unit vectors, which losses and searches want. */
  readonly unit?: boolean;
  /** See {@link Forward.recompute}. */
  readonly recompute?: boolean;
}

/** Vectors [B, D] and, of the inner layer, [B, pooled width]. `inner` is `final` itself where both are the same. */
export interface Representations {
  readonly final: Value;
  readonly inner: Value | undefined;
}

/** Records the encoding of a batch. The results belong to the tape: copy or read them before its `dispose`. */
export function encodeBatch(tape: Tape, encoder: Encoder, batch: DeviceBatch, options: EncodeOptions): Representations {
  const { spec, parameters } = encoder;
  const { task, inner: wantsInner, innerLayer, unit = true, dropout, recompute } = options;
  const innerIsLast = innerBlock(spec.architecture.layers, innerLayer) === spec.architecture.layers;
  const keepInner = wantsInner && !innerIsLast;
  const forward: Forward = { batch, dropout, keepInner, innerLayer, recompute };
  const hidden = forwardPassOf(spec.family).run(tape, parameters, spec, forward);
  const pooled = (state: Value): Value => {
    const value = pool(tape, state, batch, spec.pooling);
    tape.drop(state);
    return value;
  };
  const normalized = (value: Value): Value => {
    const vector = l2Normalize(tape, value);
    tape.drop(value);
    return vector;
  };
  let inner = keepInner ? normalized(pooled(hidden.inner)) : undefined;
  let last = pooled(hidden.final);
  const layers = spec.dense ?? [];
  const hasHead = spec.heads?.[task] === 'dense';
  const sharesInner = wantsInner && innerIsLast;
  if (sharesInner && (layers.length > 0 || hasHead || !unit)) inner = l2Normalize(tape, last);
  for (const [index, layer] of layers.entries()) last = dense(tape, last, layer, index, parameters);
  if (hasHead) last = head(tape, last, task, parameters);
  const final = unit ? normalized(last) : last;
  return { final, inner: wantsInner ? (inner ?? final) : undefined };
}

/** Records the hidden states [T, C] of all tokens after the last layer, without dropout. */
export function encodeTokens(tape: Tape, { spec, parameters }: Encoder, batch: DeviceBatch): Value {
  return forwardPassOf(spec.family).run(tape, parameters, spec, { batch, keepInner: false }).final;
}
