/** A candidate of a search: in words, and what it is made of. */
import { rowOf } from '../../catalog-parameters.ts';
import type { FusionCandidateRow } from '../../db/schema.ts';
import { type FusionEntry, fusionCatalog } from '../../fusion/catalog.ts';
import { placesOf } from '../../fusion/search/places.ts';
import type { SearchPlan } from '../../fusion/search/types.ts';

/** `delta-guided of 0, 2: power 2`; `linear of 0, 1 x 0.5`; `checkpoint 1`. */
export const textOf = ({ plan, checkpoint }: Pick<FusionCandidateRow, 'plan' | 'checkpoint'>): string =>
  plan === null ? `checkpoint ${checkpoint}` : planText(plan);

function planText(plan: SearchPlan): string {
  const inputs = plan.inputs.map((input, i) => {
    const weight = plan.weights?.[i] ?? 1;
    const text = typeof input === 'number' ? `${input}` : `(${planText(input)})`;
    return weight === 1 ? text : `${text} x ${weight}`;
  });
  const changed = changedParameters(plan);
  return `${plan.method} of ${inputs.join(', ')}${changed.length > 0 ? `: ${changed.join(', ')}` : ''}`;
}

/** Places among the checkpoints of the search. */
export const checkpointsIn = ({ plan, checkpoint }: Pick<FusionCandidateRow, 'plan' | 'checkpoint'>): number[] =>
  plan === null ? [checkpoint ?? 0] : placesOf(plan);

function changedParameters({ method, parameters }: SearchPlan): string[] {
  const row: FusionEntry = rowOf(fusionCatalog, method, 'method');
  return row.parameters
    .filter(({ name, default: value }) => (parameters[name] ?? value) !== value)
    .map(({ name }) => `${name} ${parameters[name]}`);
}
