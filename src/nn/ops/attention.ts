/**
 * Multi-head attention within each text of a packed batch: q, out [T, H * D], k, v [T, G * D]; no T x T matrix is kept.
 */
import { type AttentionMask, attentionBackward, attentionForward } from '../../kernels/attention.ts';
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
  /** G; absent = H. */
  readonly keyValueHeads?: number;
  /** Absent = every token sees its whole text. */
  readonly mask?: AttentionMask | undefined;
  /** Dropout of the attention weights. */
  readonly dropout: DropoutSettings | undefined;
  readonly site: number;
}

export function attention(tape: Tape, call: AttentionInputs): Value {
  const { q, k, v, batch, heads, keyValueHeads, mask, dropout, site } = call;
  const { gpu } = tape;
  const shape = q.tensor.shape;
  const out = tape.output(`attention.${site}`, shape, [q, k, v]);
  const logSumExp = tape.lease(`attention.${site}.logSumExp`, [batch.T, heads]);
  const inputs = {
    q: q.tensor,
    k: k.tensor,
    v: v.tensor,
    batch,
    heads,
    ...(keyValueHeads !== undefined && { keyValueHeads }),
    ...(mask !== undefined && { mask }),
    out: out.tensor,
    logSumExp,
    ...(dropout !== undefined && dropout.attentionRate > 0
      ? { dropout: { rate: dropout.attentionRate, seed: dropout.seed, step: dropout.step, site } }
      : {}),
  };
  attentionForward(gpu, inputs);
  const backward = (dOut: Value['tensor']): void => {
    const leaseLike = (name: string, { tensor }: Value): Value['tensor'] =>
      tape.lease(`attention.${site}.${name}`, tensor.shape);
    const [dQ, dK, dV] = [leaseLike('dQ', q), leaseLike('dK', k), leaseLike('dV', v)];
    attentionBackward(gpu, { ...inputs, dOut, dQ, dK, dV });
    tape.give(q, dQ);
    tape.give(k, dK);
    tape.give(v, dV);
  };
  return tape.record(out, backward, [logSumExp]);
}
