/**
 * out[t] = word[id], [T, C], for encoders without position tables. The gradient is summed by an index made on the host.
 */
import type { Tensor } from '../../device/types.ts';
import { embeddingBackward, embeddingRows, scatterIndex } from '../../kernels/embedding.ts';
import type { DeviceBatch } from '../batch.ts';
import type { ParameterPart } from '../parameter-store.ts';
import type { Tape, Value } from '../tape.ts';

/** `word` [V, C], in one part or several. Its row `frozenRow` gets no gradient. */
export function wordEmbedding(
  tape: Tape,
  { T, ids, host }: DeviceBatch,
  word: readonly ParameterPart[],
  frozenRow?: number,
): Value {
  const [, C] = word[0]!.value.shape as [number, number];
  const out = tape.output('embedding', [T, C], word);
  for (const { value, firstRow } of word) embeddingRows(tape.gpu, { ids, table: value, firstRow, out: out.tensor });
  return tape.record(out, (dOut) => giveTable(tape, dOut, host.ids, word, frozenRow));
}

/**
 * The gradient of a table in one part or several, [V, C]; `ids` [T] are the rows that were looked up. None reaches the
 * row `frozenRow`, and none a table that is not trained.
 */
export function giveTable(
  tape: Tape,
  dOut: Tensor,
  ids: Uint32Array,
  table: readonly ParameterPart[],
  frozenRow: number | undefined,
): void {
  for (const part of table) {
    if (!part.tracked) continue;
    const { gradient, firstRow } = part;
    const index = scatterIndex(ids, { firstRow, rows: gradient.shape[0]! }, frozenRow);
    embeddingBackward(tape.gpu, { dOut, index, dTable: gradient });
  }
}
