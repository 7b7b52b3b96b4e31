/** compareCheckpoints: two checkpoints on the data sets that both were evaluated on, with tests. */
import { and, desc, eq, isNotNull, isNull } from 'drizzle-orm';
import type { Split } from '../../data/types.ts';
import { globalId } from '../../db/global-id.ts';
import { type EvaluationRow, evaluations } from '../../db/schema.ts';
import { badInput, invariant, notFound } from '../../errors.ts';
import type { Comparison } from '../../evaluation/statistics/types.ts';
import type { QueryFigure } from '../../evaluation/units/types.ts';
import type { Tandem } from '../tandem.ts';
import { datasetsOf as rowsOfSplit } from './evaluate.ts';

export interface CompareRequest {
  /** Null = the tf-idf baseline. */
  readonly referenceId: string | null;
  readonly candidateId: string | null;
  /** Absent or null = all that both were evaluated on. */
  readonly datasetIds?: readonly string[] | null;
  readonly split: Split;
  readonly pooled: boolean;
  readonly figure: QueryFigure;
}

export interface Compared extends Comparison {
  readonly reference: EvaluationRow;
  readonly candidate: EvaluationRow;
}

/** One comparison per data set, in the order given, else by the data sets' age. */
export async function compareCheckpoints(
  tandem: Tandem,
  request: CompareRequest,
  signal: AbortSignal,
): Promise<Compared[]> {
  if (request.referenceId === request.candidateId) {
    throw badInput('Both are the same checkpoint', {
      field: 'candidate',
      expected: 'two different checkpoints, or a checkpoint and the baseline',
      remedy: 'Name another checkpoint.',
    });
  }
  const reference = await newestOf(tandem, request.referenceId, request);
  const candidate = await newestOf(tandem, request.candidateId, request);
  const datasetIds = await datasetsOf(tandem, request, reference, candidate);
  const compared: Compared[] = [];
  for (const id of datasetIds) {
    const pair = { reference: reference.get(id)!, candidate: candidate.get(id)! };
    compared.push({ ...pair, ...(await compareRows(tandem, pair, request.figure, signal)) });
  }
  return compared;
}

/** The candidate minus the reference, of two evaluations with units. */
export function compareRows(
  { jobs: { cpu } }: Tandem,
  { reference, candidate }: Pick<Compared, 'reference' | 'candidate'>,
  figure: QueryFigure,
  signal: AbortSignal,
): Promise<Comparison> {
  invariant(reference.unitsDigest !== null && candidate.unitsDigest !== null, 'evaluations with units were asked for');
  return cpu.call('compareUnits', { first: reference.unitsDigest, second: candidate.unitsDigest, figure }, { signal });
}

/** The newest evaluation of whole vectors that kept its units, by data set. */
export async function newestOf(
  { database: { db } }: Tandem,
  checkpointId: string | null,
  { split, pooled }: Pick<CompareRequest, 'split' | 'pooled'>,
): Promise<Map<string, EvaluationRow>> {
  const rows = await db
    .selectDistinctOn([evaluations.datasetId])
    .from(evaluations)
    .where(
      and(
        checkpointId === null ? isNull(evaluations.checkpointId) : eq(evaluations.checkpointId, checkpointId),
        ...[eq(evaluations.split, split), eq(evaluations.pooled, pooled)],
        ...[isNull(evaluations.dimension), isNotNull(evaluations.unitsDigest)],
      ),
    )
    .orderBy(evaluations.datasetId, desc(evaluations.createdAt), desc(evaluations.id));
  return new Map(rows.map((row) => [row.datasetId, row]));
}

type Found = ReadonlyMap<string, EvaluationRow>;

async function datasetsOf(
  tandem: Tandem,
  request: CompareRequest,
  reference: Found,
  candidate: Found,
): Promise<readonly string[]> {
  const ids = request.datasetIds ?? null;
  if (ids === null) {
    const shared = [...reference.keys()].filter((id) => candidate.has(id));
    if (shared.length > 0) return shared;
    throw notFound('No data set has evaluations of both', {
      field: 'datasets',
      expected: `a ${request.split} split that both were evaluated on`,
      remedy: 'Evaluate both on the same data sets.',
    });
  }
  for (const [i, { id, name }] of (await rowsOfSplit(tandem, ids, request.split, 'datasets')).entries()) {
    const where = `the ${request.split} split of data set "${name}"`;
    if (!reference.has(id)) throw notEvaluated(request.referenceId, where, `datasets.${i}`);
    if (!candidate.has(id)) throw notEvaluated(request.candidateId, where, `datasets.${i}`);
  }
  return ids;
}

export function notEvaluated(checkpointId: string | null, where: string, field: string) {
  const subject = checkpointId === null ? 'The baseline' : `Checkpoint ${globalId('Checkpoint', checkpointId)}`;
  return notFound(`${subject} has no evaluation on ${where}`, {
    field,
    expected: 'an evaluation of whole vectors that kept its queries or pairs',
    remedy: 'Evaluate it there, or leave the data set out.',
  });
}
