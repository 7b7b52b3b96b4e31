/** Symmetric InfoNCE: half query to candidates, half positive to queries (Radford et al. 2021, arXiv 2103.00020). */
import type { Tensor } from '../../device/types.ts';
import { embeddingRows } from '../../kernels/embedding.ts';
import { type LossContext, sumOf } from './context.ts';
import { infonceLoss, withSlots } from './infonce.ts';
import type { LossOf } from './loss.ts';

/** With `positives: sample` both halves read the one drawn positive of each query. */
export const symmetricInfonceLoss: LossOf<'symmetric-infonce'> = (context, input, { positives, ...parameters }) => {
  const label = 'symmetric-infonce';
  const given = withSlots(input, positives);
  const { queries } = given;
  const [B] = queries.shape;
  const P = given.positives.shape[0] / B;
  const slotSets = given.slots ? [given.slots] : Array.from({ length: P }, (_, k) => new Uint32Array(B).fill(k));
  const rowWeights = new Float32Array(B).fill(0.5 / B);
  const forth = infonceLoss(context, label, { ...given, rowWeights }, parameters);
  const back = slotSets.map((slots) => {
    const rows = context.scratch('positives of a slot', queries.shape);
    const ids = context.upload('rows of a slot', rowsOfSlots(slots, P));
    embeddingRows(context.gpu, { ids, table: given.positives, out: rows });
    const input = { queries: rows, positives: queries, negatives: null };
    const weights = rowWeights.map((weight) => weight / slotSets.length);
    return infonceLoss(context, label, { ...input, rowWeights: weights }, parameters);
  });
  const own = back.map(({ dQueries }) => dQueries);
  const dOwn = spread(context, own, slotSets, given.positives);
  return {
    value: sumOf(context, forth.value, [forth.value, ...back.map(({ value }) => value)]),
    dQueries: sumOf(context, queries, [forth.dQueries, ...back.map(({ dPositives }) => dPositives)]),
    dPositives: sumOf(context, given.positives, [forth.dPositives, dOwn]),
    dNegatives: forth.dNegatives,
  };
};

/** Where the positives that queries show in `slots` [B] stand among all [B*P]. */
const rowsOfSlots = (slots: Uint32Array, P: number): Uint32Array => slots.map((slot, query) => query * P + slot);

/** The gradients [B, C] of each slot's positives, brought to the rows of all positives; zero where none was shown. */
function spread(context: LossContext, parts: readonly Tensor[], slotSets: readonly Uint32Array[], positives: Tensor) {
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
  const out = context.scratch('gradients of positives', positives.shape);
  embeddingRows(gpu, { ids: context.upload('places', places), table, out });
  return out;
}
