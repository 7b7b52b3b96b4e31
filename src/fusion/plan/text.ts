/** A plan for people: an indented tree, a line for each node and each checkpoint. */
import { rowOf } from '../../catalog-parameters.ts';
import { type FusionEntry, fusionCatalog } from '../catalog.ts';
import type { FusionPlan } from '../types.ts';
import { inputsOf } from './inputs.ts';

/** Of a plan that was read (read-plan.ts); `names` are those of the checkpoints of the fusion, in order. */
export const planText = (plan: FusionPlan, names: readonly string[]): string =>
  [headOf(plan), ...below(plan, names)].join('\n');

function below(plan: FusionPlan, names: readonly string[]): string[] {
  const inputs = inputsOf(plan, names.length);
  const shares = sharesOf(plan);
  return inputs.flatMap((input, i) => {
    const [branch, indent] = i === inputs.length - 1 ? ['└─ ', '   '] : ['├─ ', '│  '];
    const [head, inner] = typeof input === 'number' ? [names[input], []] : [headOf(input), below(input, names)];
    return [`${branch}${shares[i] ?? ''}${head}`, ...inner.map((line) => indent + line)];
  });
}

/** `ties (density 0.2, lambda 1), only encoder.layer.*`. */
function headOf({ method, parameters, only }: FusionPlan): string {
  const row: FusionEntry = rowOf(fusionCatalog, method, 'method');
  const values = row.parameters.map(({ name }) => `${name} ${parameters[name]}`);
  const settings = values.length === 0 ? '' : ` (${values.join(', ')})`;
  return `${method}${settings}${only === undefined ? '' : `, only ${only.join(' ')}`}`;
}

/**
 * What each input counts: its share where the method divides by the sum of the weights and none is negative, else its
 * weight; nothing where the method takes none.
 */
function sharesOf({ method, weights = [] }: FusionPlan): string[] {
  const { dividesBy }: FusionEntry = rowOf(fusionCatalog, method, 'method');
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const isShared = dividesBy !== undefined && weights.every((weight) => weight >= 0);
  return weights.map((weight) => (isShared ? `${percent(weight / sum)} % ` : `${weight} x `));
}

const percent = (share: number): string => String(Number((100 * share).toFixed(1)));
