/** Evaluates a checkpoint, or the bag-of-words baseline, on one split of a data set. */
import { z } from 'zod';
import type { Split } from '../../data/types.ts';
import { requireRow } from '../../db/rows.ts';
import { evaluations } from '../../db/schema.ts';
import { invariant } from '../../errors.ts';
import { defineJob, type JobContext } from '../define.ts';
import { measure } from './common/measure.ts';
import { kindOf } from './entry.ts';

type Context = JobContext<{ readonly evaluationIds?: readonly string[] }>;

export const evaluate = defineJob({
  entry: kindOf('evaluate'),
  input: z.object({
    evaluator: z.enum(['bag-of-words', 'checkpoint']),
    /** Null for the baseline. */
    checkpointId: z.uuid().nullable(),
    datasetId: z.uuid(),
    split: z.custom<Split>((value) => typeof value === 'string'),
    /** Whether only a pooled corpus is searched. Versions up to 0.3.0 wrote none. */
    pooled: z.boolean().default(false),
    /** Absent = whole vectors. */
    dimensions: z.array(z.int()).optional(),
    /** Whether the geometry of whole vectors is measured, too. */
    geometry: z.boolean().default(false),
  }),
  uses: ({ checkpointId, datasetId }) => [
    { kind: 'dataset', id: datasetId },
    ...(checkpointId === null ? [] : [{ kind: 'checkpoint', id: checkpointId } as const]),
  ],
  subject: ({ datasetId }) => datasetId,
  async run(context: Context, { datasetId, ...input }) {
    const dataset = await requireRow(context.db, 'datasets', datasetId);
    return measure(context, { ...input, dataset }, (values) =>
      context.succeed(async (tx) => {
        const rows = await tx
          .insert(evaluations)
          .values([...values])
          .returning({ id: evaluations.id });
        const [first] = rows;
        invariant(first, 'an insert returned nothing');
        return { resultId: first.id, answer: { evaluationIds: rows.map(({ id }) => id) } };
      }),
    );
  },
});
