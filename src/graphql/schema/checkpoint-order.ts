/** Checkpoints in the order of a figure of their evaluations. */
import type { Order } from '../../services/common/listing/types.ts';
import { builder } from '../builder.ts';
import { Split } from '../enums.ts';
import { keyOf } from '../ids.ts';
import type { InputFields } from './common.ts';

const EvaluationChoice = builder.inputType('EvaluationChoice', {
  description: 'A figure of the newest evaluation of a checkpoint on one split, of whole vectors.',
  fields: (t) => ({
    dataset: t.id({ required: true, description: 'Id of the data set.' }),
    split: t.field({ type: Split, required: true, defaultValue: 'test', description: 'The split of the data set.' }),
    metric: t.string({ required: true, description: 'The name of the figure, as metrics of an evaluation have it.' }),
    pooled: t.boolean({
      required: true,
      defaultValue: false,
      description: 'Whether only a pooled corpus was searched.',
    }),
  }),
});

/** The field of CheckpointOrder. */
export const evaluationOrder = (t: InputFields) => ({
  evaluation: t.field({
    type: EvaluationChoice,
    description:
      'For the field EVALUATION: which figure. A checkpoint without it counts as null. Absent or null with other fields.',
  }),
});

/** With the key of the data set in place of its id. */
export function readEvaluationOrder(order: Order, field: string): Order {
  const chosen = order['evaluation'] as typeof EvaluationChoice.$inferInput | null | undefined;
  if (!chosen) return order;
  const dataset = keyOf(chosen.dataset, 'Dataset', `${field}.evaluation.dataset`).key;
  return { ...order, evaluation: { ...chosen, dataset } };
}
