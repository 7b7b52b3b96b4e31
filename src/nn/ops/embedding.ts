/**
 * out[t] = word[id] + position[p] + type[0], [T, C]. The tables' gradients are summed by an index made on the host,
 * without atomics.
 */
import { withLeases } from '../../device/types.ts';
import { embeddingBackward, embeddingForward, scatterIndex } from '../../kernels/embedding.ts';
import type { DeviceBatch } from '../batch.ts';
import type { Parameter, ParameterPart } from '../parameter-store.ts';
import type { Tape, Value } from '../tape.ts';
import { giveTable } from './word-embedding.ts';

export interface EmbeddingTables {
  /** [V, C], in one part or several */
  readonly word: readonly ParameterPart[];
  /** [P, C] */
  readonly position: Parameter;
  /** [S, C] */
  readonly type: Parameter;
  /** [T] row of the position table of each token; absent = its position in its text. */
  readonly positionRows?: Uint32Array | undefined;
  /** Rows of the word and of the position table that get no gradient; absent = none. */
  readonly frozenRow?: number | undefined;
  readonly frozenPosition?: number | undefined;
}

export function embedding(tape: Tape, batch: DeviceBatch, tables: EmbeddingTables): Value {
  const { word, position, type, positionRows, frozenRow, frozenPosition } = tables;
  const { gpu } = tape;
  const { ids, typeIds, host } = batch;
  const [, C] = position.value.shape as [number, number];
  const out = tape.output('embedding', [batch.T, C], [...word, position, type]);
  withLeases(gpu, (lease) => {
    const ownRows = positionRows && lease('embedding.positionRows', [batch.T], 'u32');
    if (positionRows && ownRows) gpu.write(ownRows, positionRows);
    for (const { value, firstRow } of word) {
      embeddingForward(gpu, {
        ids,
        positions: ownRows ?? batch.positions,
        typeIds,
        word: value,
        firstRow,
        position: position.value,
        type: type.value,
        out: out.tensor,
      });
    }
  });
  return tape.record(out, (dOut) => {
    giveTable(tape, dOut, host.ids, word, frozenRow);
    if (position.tracked) {
      const positions = scatterIndex(positionRows ?? host.positions, undefined, frozenPosition);
      embeddingBackward(gpu, { dOut, index: positions, dTable: position.gradient });
    }
    if (!type.tracked) return;
    embeddingBackward(gpu, { dOut, index: scatterIndex(new Uint32Array(batch.T)), dTable: type.gradient });
  });
}
