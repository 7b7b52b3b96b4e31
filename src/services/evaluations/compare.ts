/** compareCheckpoints: two checkpoints on the data sets that both were evaluated on, with tests. */
import { and, eq } from 'drizzle-orm';
import { globalId } from '../../db/global-id.ts';
import { type EvaluationRow, evaluations } from '../../db/schema.ts';
import { badInput, invariant, notFound } from '../../errors.ts';
import type { Comparison } from '../../evaluation/statistics/types.ts';
import type { QueryFigure } from '../../evaluation/units/types.ts';
import type { Tandem } from '../tandem.ts';
import { newestOn, newestWhere, type SplitsRequest, splitsOf, splitText } from './splits.ts';

/** Neither data sets nor a suite = all data sets that both were evaluated on. */
export interface CompareRequest extends SplitsRequest {
  /** Null = the tf-idf baseline. */
  readonly referenceId: string | null;
  readonly candidateId: string | null;
  readonly figure: QueryFigure;
}

interface Pair {
  readonly reference: EvaluationRow;
  readonly candidate: EvaluationRow;
}

export interface Compared extends Comparison, Pair {}

/** One comparison per split, in the order given, else by the data sets' ids. */
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
  const compared: Compared[] = [];
  for (const pair of await pairsOf(tandem, request)) {
    compared.push({ ...pair, ...(await compareRows(tandem, pair, request.figure, signal)) });
  }
  return compared;
}

/** The candidate minus the reference, of two evaluations with units. */
export function compareRows(
  { jobs: { cpu } }: Tandem,
  { reference, candidate }: Pair,
  figure: QueryFigure,
  signal: AbortSignal,
): Promise<Comparison> {
  invariant(reference.unitsDigest !== null && candidate.unitsDigest !== null, 'evaluations with units were asked for');
  return cpu.call('compareUnits', { first: reference.unitsDigest, second: candidate.unitsDigest, figure }, { signal });
}

async function pairsOf(tandem: Tandem, request: CompareRequest): Promise<readonly Pair[]> {
  const { referenceId, candidateId } = request;
  const splits = await splitsOf(tandem, request);
  if (splits === null) return sharedPairs(tandem, request);
  const references = await newestOn(tandem, referenceId, splits);
  const candidates = await newestOn(tandem, candidateId, splits);
  return splits.map((entry, i) => {
    const field = request.suiteId ? 'suite' : `datasets.${i}`;
    const [reference, candidate] = [references[i], candidates[i]];
    if (!reference) throw notEvaluated(referenceId, splitText(entry), field);
    if (!candidate) throw notEvaluated(candidateId, splitText(entry), field);
    return { reference, candidate };
  });
}

/** On all data sets of which the split was evaluated by both. */
async function sharedPairs(
  tandem: Tandem,
  { referenceId, candidateId, split, pooled }: CompareRequest,
): Promise<readonly Pair[]> {
  const where = and(eq(evaluations.split, split), eq(evaluations.pooled, pooled));
  const candidates = await newestWhere(tandem, candidateId, where);
  const pairs = (await newestWhere(tandem, referenceId, where)).flatMap((reference) => {
    const candidate = candidates.find(({ datasetId }) => datasetId === reference.datasetId);
    return candidate ? [{ reference, candidate }] : [];
  });
  if (pairs.length > 0) return pairs;
  throw notFound('No data set has evaluations of both', {
    field: 'datasets',
    expected: `a ${split} split that both were evaluated on`,
    remedy: 'Evaluate both on the same data sets.',
  });
}

export function notEvaluated(checkpointId: string | null, where: string, field: string) {
  const subject = checkpointId === null ? 'The baseline' : `Checkpoint ${globalId('Checkpoint', checkpointId)}`;
  return notFound(`${subject} has no evaluation on ${where}`, {
    field,
    expected: 'an evaluation of whole vectors that kept its queries or pairs',
    remedy: 'Evaluate it there, or leave the data set out.',
  });
}
