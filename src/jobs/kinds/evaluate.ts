/** Evaluates a checkpoint, or the bag-of-words baseline, on one split of a data set. */
import { z } from 'zod';
import type { Split } from '../../data/types.ts';
import type { Transaction } from '../../db/open.ts';
import { requireRow } from '../../db/rows.ts';
import { evaluations, type NewEvaluation } from '../../db/schema.ts';
import { invariant } from '../../errors.ts';
import type { Geometry } from '../../evaluation/geometry/types.ts';
import type { MeasuredSplit } from '../../evaluation/units/types.ts';
import type { EvaluateInput } from '../../serve/types.ts';
import { defineJob, type JobContext } from '../define.ts';
import { encoderOf } from './common/rows.ts';
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
  async run(
    context: Context,
    { evaluator, checkpointId, datasetId, split, pooled, dimensions, geometry: withGeometry },
  ) {
    const { db, cpu, retention, signal, succeed } = context;
    const dataset = await requireRow(db, 'datasets', datasetId);
    const pool = pooled ? await cpu.call('poolCorpus', { dataset: dataset.digest, split }, { signal }) : undefined;
    const searched = { dataset: dataset.digest, split, ...(pool && { pool }) };
    const { measured, geometry = null } =
      checkpointId === null
        ? { measured: [await cpu.call('evaluateBagOfWords', { dataset: dataset.digest, split }, { signal })] }
        : await measureCheckpoint(
            context,
            checkpointId,
            { ...searched, ...(dimensions && { dimensions }) },
            withGeometry,
          );
    return retention.publishing(async () => {
      const units = { ...searched, measured: measured.map((split) => split.units) };
      const digests = await cpu.call('publishUnits', units, { signal });
      const values = measured.map((figures, i): NewEvaluation => {
        const { task, main, metrics, undefinedReasons, count, documents, tokens, seconds } = figures;
        return {
          ...{ evaluator, checkpointId, datasetId, split, pooled, unitsDigest: digests[i] },
          ...{ task, main, metrics, undefinedReasons, count, documents, tokens, seconds },
          ...{ wordSegmenter: figures.wordSegmenter, dimension: figures.dimension, geometry },
        };
      });
      return retention.recording(() => succeed((tx) => record(tx, values)));
    });
  },
});

async function record(tx: Transaction, values: NewEvaluation[]) {
  const rows = await tx.insert(evaluations).values(values).returning({ id: evaluations.id });
  const [first] = rows;
  invariant(first, 'an insert returned nothing');
  return { resultId: first.id, answer: { evaluationIds: rows.map(({ id }) => id) } };
}

async function measureCheckpoint(
  { db, cpu, device, signal, progress }: Context,
  checkpointId: string,
  searched: Pick<EvaluateInput, 'split' | 'pool' | 'dimensions'> & { readonly dataset: string },
  withGeometry: boolean,
): Promise<{ readonly measured: readonly MeasuredSplit[]; readonly geometry?: Geometry }> {
  const { checkpoint, model } = await encoderOf(db, checkpointId);
  progress({ stage: 'tokenize', done: 0, total: null });
  const { dataset, ...rest } = searched;
  const request = { dataset, model: model.digest, maxLength: model.maxLength };
  const tokens = await cpu.call('tokenizeDataset', request, { signal });
  const onEvent = ({ encoded, total }: { encoded: number; total: number }) =>
    progress({ stage: 'encode', done: encoded, total });
  const input = { model: checkpoint.digest, tokens: tokens.key, ...rest };
  const measured = await device.call('evaluate', input, { signal, onEvent });
  if (!withGeometry) return { measured };
  progress({ stage: 'geometry', done: 0, total: null });
  return { measured, geometry: await device.call('measureGeometry', input, { signal }) };
}
