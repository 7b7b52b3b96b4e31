/** out[t] = word[id] + position[p] + type[s], [T, C]. The tables' gradients are summed by an index made on the host, without atomics. */
import { embeddingBackward, embeddingForward, scatterIndex } from '../../kernels/embedding.ts';
import type { DeviceBatch } from '../batch.ts';
import type { Parameter } from '../parameters.ts';
import type { Tape, Value } from '../tape.ts';

export interface EmbeddingTables {
  /** [V, C] */
  readonly word: Parameter;
  /** [P, C] */
  readonly position: Parameter;
  /** [S, C] */
  readonly type: Parameter;
}

export function embedding(tape: Tape, batch: DeviceBatch, { word, position, type }: EmbeddingTables): Value {
  const { gpu } = tape;
  const { ids, positions, typeIds, host } = batch;
  const [, C] = word.value.shape as [number, number];
  const out = tape.output('embedding', [batch.T, C]);
  embeddingForward(gpu, {
    ids,
    positions,
    typeIds,
    word: word.value,
    position: position.value,
    type: type.value,
    out: out.tensor,
  });
  return tape.record(out, (dOut) => {
    embeddingBackward(gpu, { dOut, index: scatterIndex(host.ids), dTable: word.gradient });
    embeddingBackward(gpu, { dOut, index: scatterIndex(host.positions), dTable: position.gradient });
    embeddingBackward(gpu, { dOut, index: scatterIndex(new Uint32Array(batch.T)), dTable: type.gradient });
  });
}
