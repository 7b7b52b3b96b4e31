/** Guided InfoNCE: a teacher drops what it finds nearer to the query than the target (GISTEmbed, arXiv 2402.16829). */
import { invariant } from '../../errors.ts';
import { keepZeros, type LossContext, sumOf } from './context.ts';
import { chosenCandidates, type InfonceInput, infonceLoss } from './infonce.ts';
import type { LossOf, TeacherVectors } from './loss.ts';
import { rowsOfSlots, slotSetsOf, spreadSlots, takeSlots } from './slots.ts';

/**
 * The mean over positive slots, or of the one drawn slot. Which candidates are dropped depends on the query and on its
 * target, so that each slot has scores of its own. Margin and known positives drop candidates as well.
 */
export const guidedInfonceLoss: LossOf<'guided-infonce'> = (
  context,
  { teacher, ...input },
  { positives, knownPositives, ...rest },
) => {
  invariant(teacher, 'Guided InfoNCE came without the vectors of a teacher');
  const given = chosenCandidates(input, { positives, knownPositives });
  const [B] = given.queries.shape;
  const slotSets = slotSetsOf(given.slots, B, given.positives.shape[0] / B);
  const loneTargets = keepZeros(context, 'guided-infonce lone targets', [1], 'u32');
  const rowWeights = new Float32Array(B).fill(1 / (B * slotSets.length));
  const parts = slotSets.map((slots) => {
    const ofSlot = inputOfSlot(context, given, teacher, slots);
    return infonceLoss(context, 'guided-infonce', { ...ofSlot, rowWeights }, { ...rest, loneTargets });
  });
  const targets = parts.map(({ dPositives }) => dPositives);
  const sum = (of: typeof given.queries, gradients: Parameters<typeof sumOf>[2]) => sumOf(context, of, gradients);
  const values = parts.map(({ value }) => value);
  return {
    value: sum(values[0]!, values),
    dQueries: sum(
      given.queries,
      parts.map(({ dQueries }) => dQueries),
    ),
    dPositives: spreadSlots(context, targets, slotSets, given.positives),
    dNegatives:
      given.negatives &&
      sum(
        given.negatives,
        parts.map(({ dNegatives }) => dNegatives),
      ),
    warnings: { guidedInfonceWithoutCandidates: loneTargets },
  };
};

/** Each query with the one positive that it shows in its slot. */
function inputOfSlot(
  context: LossContext,
  { slots: _, texts, ...given }: InfonceInput,
  teacher: TeacherVectors,
  slots: Uint32Array,
): InfonceInput {
  const P = given.positives.shape[0] / slots.length;
  return {
    ...given,
    positives: takeSlots(context, given.positives, slots),
    guide: { ...teacher, positives: takeSlots(context, teacher.positives, slots) },
    ...(texts && { texts: { ...texts, positives: rowsOfSlots(slots, P).map((row) => texts.positives[row]!) } }),
  };
}
