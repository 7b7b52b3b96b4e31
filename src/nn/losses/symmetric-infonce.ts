/** Symmetric InfoNCE: half query to candidates, half positive to queries (Radford et al. 2021, arXiv 2103.00020). */
import { keepZeros, sumOf } from './context.ts';
import { chosenCandidates, infonceLoss } from './infonce.ts';
import type { CandidateTexts, LossOf } from './loss.ts';
import { slotSetsOf, spreadSlots, takeSlots } from './slots.ts';

/**
 * With `positives: sample` both halves read the one drawn positive of each query. Margin and known positives hold in
 * both: a query is no candidate of a positive that is known to be relevant to it.
 */
export const symmetricInfonceLoss: LossOf<'symmetric-infonce'> = (
  context,
  input,
  { positives, knownPositives, ...rest },
) => {
  const label = 'symmetric-infonce';
  const given = chosenCandidates(input, { positives, knownPositives });
  const { queries, texts } = given;
  const [B] = queries.shape;
  const P = given.positives.shape[0] / B;
  const slotSets = slotSetsOf(given.slots, B, P);
  const rowWeights = new Float32Array(B).fill(0.5 / B);
  const loneTargets = keepZeros(context, 'symmetric-infonce lone targets', [1], 'u32');
  const parameters = { ...rest, loneTargets };
  const forth = infonceLoss(context, label, { ...given, rowWeights }, parameters);
  const back = slotSets.map((slots) => {
    const input = { queries: takeSlots(context, given.positives, slots), positives: queries, negatives: null };
    const weights = rowWeights.map((weight) => weight / slotSets.length);
    const known = texts && { texts: queriesOf(texts, slots, P) };
    return infonceLoss(context, label, { ...input, ...known, rowWeights: weights }, parameters);
  });
  const own = back.map(({ dQueries }) => dQueries);
  const dOwn = spreadSlots(context, own, slotSets, given.positives);
  return {
    value: sumOf(context, forth.value, [forth.value, ...back.map(({ value }) => value)]),
    dQueries: sumOf(context, queries, [forth.dQueries, ...back.map(({ dPositives }) => dPositives)]),
    dPositives: sumOf(context, given.positives, [forth.dPositives, dOwn]),
    dNegatives: forth.dNegatives,
    warnings: { symmetricInfonceWithoutCandidates: loneTargets },
  };
};

/** The queries, by their place in the batch, to which the positive that each query shows in its slot is relevant. */
function queriesOf({ positives, known }: CandidateTexts, slots: Uint32Array, P: number): CandidateTexts {
  const queries = new Map<number, number[]>();
  known.forEach((texts, query) => {
    for (const text of new Set(texts)) queries.set(text, [...(queries.get(text) ?? []), query]);
  });
  return {
    positives: slots.map((_, query) => query),
    negatives: new Uint32Array(0),
    known: Array.from(slots, (slot, query) => queries.get(positives[query * P + slot]!) ?? []),
  };
}
