/** Evaluating a checkpoint, or the baseline, on one split, and keeping what was found. */
import type { Split } from '../../../data/types.ts';
import type { DatasetRow, NewEvaluation } from '../../../db/schema.ts';
import type { Geometry } from '../../../evaluation/geometry/types.ts';
import type { MeasuredSplit } from '../../../evaluation/units/types.ts';
import type { JobContext, JobTools } from '../../define.ts';
import { encoderOf } from './rows.ts';

type Context = JobTools & Pick<JobContext<never>, 'signal' | 'progress'>;

/** What is evaluated, and on what. */
export interface Measured {
  /** Null for the baseline. */
  readonly checkpointId: string | null;
  readonly dataset: DatasetRow;
  readonly split: Split;
  /** Whether only a pooled corpus is searched. */
  readonly pooled: boolean;
  /** Absent = whole vectors. */
  readonly dimensions?: readonly number[] | undefined;
  /** Whether the geometry of the checkpoint's vectors is measured, too. */
  readonly geometry: boolean;
}

/**
 * Evaluates, publishes what each unit got, and has `write` record the rows, one per dimension. Nothing is removed
 * between publication and record.
 */
export async function measure<T>(
  context: Context,
  measured: Measured,
  write: (rows: readonly NewEvaluation[]) => Promise<T>,
): Promise<T> {
  const { cpu, retention, signal } = context;
  const { checkpointId, dataset, split, pooled } = measured;
  const place = { dataset: dataset.digest, split };
  const pool = pooled ? await cpu.call('poolCorpus', place, { signal }) : undefined;
  const searched = { ...place, ...(pool && { pool }) };
  const { found, geometry = null } =
    checkpointId === null
      ? { found: [await cpu.call('evaluateBagOfWords', searched, { signal })] }
      : await measureCheckpoint(context, checkpointId, searched, measured);
  return retention.publishing(async () => {
    const digests = await cpu.call(
      'publishUnits',
      { ...searched, measured: found.map(({ units }) => units) },
      { signal },
    );
    const rows = found.map((figures, i) => ({ ...rowOf(measured, figures, digests[i]!), geometry }));
    return retention.recording(() => write(rows));
  });
}

function rowOf({ checkpointId, dataset, split, pooled }: Measured, found: MeasuredSplit, unitsDigest: string) {
  const { task, main, metrics, undefinedReasons, count, documents, tokens, seconds, wordSegmenter, dimension } = found;
  const evaluator = checkpointId === null ? ('bag-of-words' as const) : ('checkpoint' as const);
  return {
    ...{ evaluator, checkpointId, datasetId: dataset.id, split, pooled, unitsDigest },
    ...{ task, main, metrics, undefinedReasons, count, documents, tokens, seconds, wordSegmenter, dimension },
  };
}

async function measureCheckpoint(
  { db, cpu, device, signal, progress }: Context,
  checkpointId: string,
  { dataset, ...place }: { readonly dataset: string; readonly split: Split; readonly pool?: Uint32Array },
  { dimensions, geometry }: Pick<Measured, 'dimensions' | 'geometry'>,
): Promise<{ readonly found: readonly MeasuredSplit[]; readonly geometry?: Geometry }> {
  const { checkpoint, model } = await encoderOf(db, checkpointId);
  progress({ stage: 'tokenize', done: 0, total: null });
  const request = { dataset, model: model.digest, maxLength: model.maxLength };
  const tokens = await cpu.call('tokenizeDataset', request, { signal });
  const onEvent = ({ encoded, total }: { encoded: number; total: number }) =>
    progress({ stage: 'encode', done: encoded, total });
  const input = { model: checkpoint.digest, tokens: tokens.key, ...place, ...(dimensions && { dimensions }) };
  const found = await device.call('evaluate', input, { signal, onEvent });
  if (!geometry) return { found };
  progress({ stage: 'geometry', done: 0, total: null });
  return { found, geometry: await device.call('measureGeometry', input, { signal }) };
}
