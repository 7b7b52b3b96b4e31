/** evaluateSuite: one job that evaluates on all splits of a suite; evaluations that are there are not made again. */
import { jobKinds } from '../../jobs/kinds/index.ts';
import { requireRow } from '../common/rows.ts';
import { type Done, type Work, workOf } from '../jobs/work.ts';
import type { Tandem } from '../tandem.ts';
import { entriesOf } from './entries.ts';
import { resultOf, type SuiteResult, splitsOf } from './result.ts';

export interface EvaluateSuiteRequest {
  readonly suiteId: string;
  /** Null for the baseline. */
  readonly checkpointId: string | null;
  /** Whether the geometry of a checkpoint's vectors is measured, too; the baseline has none. */
  readonly geometry: boolean;
  readonly idempotencyKey?: string | null | undefined;
}

export async function evaluateSuite(
  tandem: Tandem,
  { idempotencyKey, ...request }: EvaluateSuiteRequest,
): Promise<Work<'evaluate-suite'>> {
  const { db } = tandem.database;
  const { id: suiteId } = await requireRow(db, 'suites', request.suiteId, 'input.suite');
  const { checkpointId } = request;
  const geometry = request.geometry && checkpointId !== null;
  if (checkpointId !== null) await requireRow(db, 'checkpoints', checkpointId, 'input.checkpoint');
  const entries = await entriesOf(tandem, suiteId);
  const input = { suiteId, checkpointId, splits: splitsOf(entries), geometry };
  return workOf('evaluate-suite', { input, idempotencyKey });
}

/** The newest figures of what the job evaluated, on the splits that the suite has by now. */
export async function resultOfJob(tandem: Tandem, { job }: Done<'evaluate-suite'>): Promise<SuiteResult> {
  const { suiteId, checkpointId } = jobKinds['evaluate-suite'].input.parse(job.input);
  return resultOf(tandem, checkpointId, await entriesOf(tandem, suiteId));
}
