/** evaluateCheckpoint and evaluateBagOfWords: one job per data set, one row per data set and dimension. */
import type { Split } from '../../data/types.ts';
import type { DatasetRow, ModelRow } from '../../db/schema.ts';
import { badInput } from '../../errors.ts';
import { requireRow } from '../common/rows.ts';
import { requireCorpus, requireRecords } from '../datasets/split.ts';
import { checkList } from '../embedding/texts.ts';
import { type Done, type Work, workOf } from '../jobs/work.ts';
import type { Tandem } from '../tandem.ts';

export interface EvaluateRequest {
  readonly datasetIds: readonly string[];
  readonly split: Split;
  /** Whether only a pooled corpus is searched. */
  readonly pooled?: boolean;
  readonly idempotencyKey?: string | null;
}

interface CheckpointRequest {
  readonly checkpointId: string;
  readonly dimensions?: readonly number[] | null;
  /** Whether the geometry of the vectors is measured, too. */
  readonly geometry?: boolean;
}

export async function evaluateCheckpoint(
  tandem: Tandem,
  request: EvaluateRequest & CheckpointRequest,
): Promise<Work<'evaluate'>> {
  const { db } = tandem.database;
  const { id, modelId } = await requireRow(db, 'checkpoints', request.checkpointId, 'input.checkpoint');
  const dimensions = request.dimensions ?? undefined;
  const { geometry = false } = request;
  if (dimensions && geometry) {
    throw badInput('Geometry is that of whole vectors', {
      field: 'input.geometry',
      expected: 'geometry or dimensions',
      remedy: 'Leave the dimensions out, or set geometry to false.',
    });
  }
  if (dimensions) checkDimensions(dimensions, await requireRow(db, 'models', modelId));
  return evaluateEach(tandem, request, id, { ...(dimensions && { dimensions: [...dimensions] }), geometry });
}

function checkDimensions(dimensions: readonly number[], { name, dimension }: ModelRow): void {
  const field = 'input.dimensions';
  const expected = `different numbers from 1 to ${dimension}`;
  if (dimensions.length === 0) throw badInput('No dimension is named', { field, expected });
  dimensions.forEach((wanted, i) => {
    const isThere = wanted >= 1 && wanted <= dimension;
    if (isThere && dimensions.indexOf(wanted) === i) return;
    const problem = isThere
      ? `The dimension ${wanted} is named twice`
      : `The dimension is ${wanted}, vectors of the model "${name}" have ${dimension}`;
    throw badInput(problem, { field: `${field}.${i}`, expected, remedy: 'Correct the dimensions.' });
  });
}

export const evaluateBagOfWords = (tandem: Tandem, request: EvaluateRequest): Promise<Work<'evaluate'>> =>
  evaluateEach(tandem, request, null, { geometry: false });

async function evaluateEach(
  tandem: Tandem,
  { datasetIds, split, pooled = false, idempotencyKey }: EvaluateRequest,
  checkpointId: string | null,
  options: { readonly dimensions?: number[]; readonly geometry: boolean },
): Promise<Work<'evaluate'>> {
  const rows = await datasetsOf(tandem, datasetIds, split);
  if (pooled) rows.forEach((row, i) => void requireCorpus(row, `input.datasets.${i}`));
  const evaluator = checkpointId === null ? 'bag-of-words' : 'checkpoint';
  const requests = rows.map(({ id: datasetId }) => ({
    input: { evaluator, checkpointId, datasetId, split, pooled, ...options } as const,
    idempotencyKey: idempotencyKey ? `${idempotencyKey}:${datasetId}` : null,
  }));
  return workOf('evaluate', ...requests);
}

/** Jobs from before there were dimensions answer nothing. */
export const madeBy = ({ id, answer }: Done<'evaluate'>): readonly string[] => answer?.evaluationIds ?? [id];

/** The rows of different data sets that have records in the split; `list` is the field that names them. */
export async function datasetsOf(
  tandem: Tandem,
  ids: readonly string[],
  split: Split,
  list = 'input.datasets',
): Promise<DatasetRow[]> {
  checkList(ids, tandem.config.limits, list);
  const rows: DatasetRow[] = [];
  for (const [i, id] of ids.entries()) {
    const field = `${list}.${i}`;
    const row = await requireRow(tandem.database.db, 'datasets', id, field);
    if (rows.some((other) => other.id === id)) {
      throw badInput(`Data set "${row.name}" is named twice`, {
        field,
        expected: 'each data set once',
        remedy: 'Name it once.',
      });
    }
    requireRecords(row, split, field);
    rows.push(row);
  }
  return rows;
}
