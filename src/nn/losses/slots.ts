/** The positives that queries show in a slot, out of all [B*P, C] and back. */
import type { Tensor } from '../../device/types.ts';
import { embeddingRows } from '../../kernels/embedding.ts';
import type { LossContext } from './context.ts';

/** Where the positives that queries show in `slots` [B] stand among all [B*P]. */
export const rowsOfSlots = (slots: Uint32Array, P: number): Uint32Array => slots.map((slot, query) => query * P + slot);

/** The slots that are shown one after the other: those drawn [B] alone, else every slot of all queries in turn. */
export const slotSetsOf = (drawn: Uint32Array | undefined, B: number, P: number): readonly Uint32Array[] =>
  drawn ? [drawn] : Array.from({ length: P }, (_, slot) => new Uint32Array(B).fill(slot));

/** The positives [B, C] that queries show in `slots` [B]. */
export function takeSlots(context: LossContext, positives: Tensor, slots: Uint32Array): Tensor {
  const [rows, width] = positives.shape;
  const B = slots.length;
  const out = context.scratch('positives of a slot', [B, width]);
  const ids = context.upload('rows of a slot', rowsOfSlots(slots, rows / B));
  embeddingRows(context.gpu, { ids, table: positives, out });
  return out;
}

/** The gradients [B, C] of each slot's positives, brought to the rows of all positives; zero where none was shown. */
export function spreadSlots(
  context: LossContext,
  parts: readonly Tensor[],
  slotSets: readonly Uint32Array[],
  positives: Tensor,
): Tensor {
  const { gpu } = context;
  const [rows, width] = positives.shape;
  const B = slotSets[0]!.length;
  const table = context.scratch('gradients by slot', [parts.length * B + 1, width]);
  gpu.clear(table);
  parts.forEach((part, k) => {
    gpu.copy(part, gpu.view(table, k * B * width, part.shape));
  });
  const places = new Uint32Array(rows).fill(parts.length * B);
  slotSets.forEach((slots, k) => {
    rowsOfSlots(slots, rows / B).forEach((row, query) => {
      places[row] = k * B + query;
    });
  });
  const out = context.keep('gradients of positives', positives.shape);
  embeddingRows(gpu, { ids: context.upload('places', places), table, out });
  return out;
}
