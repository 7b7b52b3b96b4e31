/**
 * Evaluates a checkpoint, or the baseline, on every split of a suite. Each evaluation is recorded when it is made, so
 * that an attempt that begins again keeps those that are there, as well as those that were made before.
 */
import { z } from 'zod';
import type { Split } from '../../data/types.ts';
import { type EvaluatedSplit, evaluationsOf, inOrderOf, latestEvaluations } from '../../db/latest-evaluations.ts';
import { requireRow } from '../../db/rows.ts';
import { evaluations } from '../../db/schema.ts';
import { defineJob, type JobContext } from '../define.ts';
import { measure } from './common/measure.ts';
import { kindOf } from './entry.ts';

type Context = JobContext<{ readonly evaluationIds: readonly string[] }>;

export const evaluateSuite = defineJob({
  entry: kindOf('evaluate-suite'),
  input: z.object({
    suiteId: z.uuid(),
    /** Null for the baseline. */
    checkpointId: z.uuid().nullable(),
    splits: z.array(
      z.object({
        datasetId: z.uuid(),
        split: z.custom<Split>((value) => typeof value === 'string'),
        pooled: z.boolean(),
      }),
    ),
    /** Whether the geometry of a checkpoint's vectors is measured, too. */
    geometry: z.boolean(),
  }),
  uses: ({ suiteId, checkpointId, splits }) => [
    { kind: 'suite', id: suiteId },
    ...splits.map(({ datasetId }) => ({ kind: 'dataset', id: datasetId }) as const),
    ...(checkpointId === null ? [] : [{ kind: 'checkpoint', id: checkpointId } as const]),
  ],
  subject: ({ suiteId }) => suiteId,
  async run(context: Context, { suiteId, splits, ...subject }) {
    const evaluationIds: string[] = [];
    for (const [i, split] of splits.entries()) {
      context.signal.throwIfAborted();
      evaluationIds.push(
        (await existing(context, subject, split)) ??
          (await make(context, subject, split, `${i + 1} of ${splits.length}`)),
      );
    }
    return context.succeed(async () => ({ resultId: suiteId, answer: { evaluationIds } }));
  },
});

interface Subject {
  readonly checkpointId: string | null;
  readonly geometry: boolean;
}

/** One that keeps its units, since suites are compared query by query; older ones are made again. */
async function existing({ db }: Context, { checkpointId, geometry }: Subject, split: EvaluatedSplit) {
  const [row] = inOrderOf([split], await latestEvaluations(db, [split], evaluationsOf(checkpointId)));
  return row?.unitsDigest && (row.hasGeometry || !geometry) ? row.id : undefined;
}

async function make(
  context: Context,
  subject: Subject,
  { datasetId, split, pooled }: EvaluatedSplit,
  which: string,
): Promise<string> {
  const dataset = await requireRow(context.db, 'datasets', datasetId);
  const progress: Context['progress'] = ({ stage, ...rest }) =>
    context.progress({ stage: `${which}: ${dataset.name} ${split}, ${stage}`, ...rest });
  progress({ stage: 'evaluate', done: 0, total: null });
  let id = '';
  await measure({ ...context, progress }, { ...subject, dataset, split, pooled }, (values) =>
    context.record(async (tx) => {
      const [row] = await tx
        .insert(evaluations)
        .values([...values])
        .returning({ id: evaluations.id });
      id = row!.id;
      return [];
    }),
  );
  return id;
}
