/** out[t] = word[id], [T, C], for encoders without position tables. The gradient is summed by an index made on the host. */
import { embeddingBackward, embeddingRows, scatterIndex } from '../../kernels/embedding.ts';
import type { DeviceBatch } from '../batch.ts';
import type { Parameter } from '../parameters.ts';
import type { Tape, Value } from '../tape.ts';

/** `word` [V, C] */
export function wordEmbedding(tape: Tape, { T, ids, host }: DeviceBatch, word: Parameter): Value {
  const [, C] = word.value.shape as [number, number];
  const out = tape.output('embedding', [T, C]);
  embeddingRows(tape.gpu, { ids, table: word.value, out: out.tensor });
  return tape.record(out, (dOut) => {
    embeddingBackward(tape.gpu, { dOut, index: scatterIndex(host.ids), dTable: word.gradient });
  });
}
