/** Bidirectional multi-head attention within each text of a packed batch. q, k, v, out [T, C]; no T x T matrix is kept. */
import { attentionBackward, attentionForward } from '../../kernels/attention.ts';
import type { DeviceBatch } from '../batch.ts';
import type { Tape, Value } from '../tape.ts';
import type { DropoutSettings } from '../types.ts';

export interface AttentionInputs {
  readonly q: Value;
  readonly k: Value;
  readonly v: Value;
  readonly batch: DeviceBatch;
  /** H */
  readonly heads: number;
  /** Dropout of the attention weights. */
  readonly dropout: DropoutSettings | undefined;
  readonly site: number;
}

export function attention(tape: Tape, { q, k, v, batch, heads, dropout, site }: AttentionInputs): Value {
  const { gpu } = tape;
  const shape = q.tensor.shape;
  const out = tape.output(`attention.${site}`, shape);
  const logSumExp = tape.lease(`attention.${site}.logSumExp`, [batch.T, heads]);
  const inputs = {
    q: q.tensor,
    k: k.tensor,
    v: v.tensor,
    batch,
    heads,
    out: out.tensor,
    logSumExp,
    ...(dropout !== undefined && dropout.attentionRate > 0
      ? { dropout: { rate: dropout.attentionRate, seed: dropout.seed, step: dropout.step, site } }
      : {}),
  };
  attentionForward(gpu, inputs);
  const backward = (dOut: Value['tensor']): void => {
    const [dQ, dK, dV] = ['dQ', 'dK', 'dV'].map((name) => tape.lease(`attention.${site}.${name}`, shape)) as [
      Value['tensor'],
      Value['tensor'],
      Value['tensor'],
    ];
    attentionBackward(gpu, { ...inputs, dOut, dQ, dK, dV });
    tape.give(q, dQ);
    tape.give(k, dK);
    tape.give(v, dV);
  };
  return tape.record(out, backward, [logSumExp]);
}
