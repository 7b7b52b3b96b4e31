/** Symmetric InfoNCE: half query to candidates, half positive to queries (Radford et al. 2021, arXiv 2103.00020). */
import { sumOf } from './context.ts';
import { infonceLoss, withSlots } from './infonce.ts';
import type { LossOf } from './loss.ts';
import { spreadSlots, takeSlots } from './slots.ts';

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
    const input = { queries: takeSlots(context, given.positives, slots), positives: queries, negatives: null };
    const weights = rowWeights.map((weight) => weight / slotSets.length);
    return infonceLoss(context, label, { ...input, rowWeights: weights }, parameters);
  });
  const own = back.map(({ dQueries }) => dQueries);
  const dOwn = spreadSlots(context, own, slotSets, given.positives);
  return {
    value: sumOf(context, forth.value, [forth.value, ...back.map(({ value }) => value)]),
    dQueries: sumOf(context, queries, [forth.dQueries, ...back.map(({ dPositives }) => dPositives)]),
    dPositives: sumOf(context, given.positives, [forth.dPositives, dOwn]),
    dNegatives: forth.dNegatives,
  };
};
