/** evaluateSuite: one job that evaluates on all splits of a suite; evaluations that are there are not made again. */
import type { JobRow } from '../../db/schema.ts';
import { requireRow } from '../common/rows.ts';
import { runJob } from '../jobs/jobs.ts';
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

export interface EvaluatedSuite {
  readonly result: SuiteResult;
  readonly job: JobRow;
}

export async function evaluateSuite(
  tandem: Tandem,
  { idempotencyKey, ...request }: EvaluateSuiteRequest,
): Promise<EvaluatedSuite> {
  const { db } = tandem.database;
  const { id: suiteId } = await requireRow(db, 'suites', request.suiteId, 'input.suite');
  const { checkpointId } = request;
  const geometry = request.geometry && checkpointId !== null;
  if (checkpointId !== null) await requireRow(db, 'checkpoints', checkpointId, 'input.checkpoint');
  const entries = await entriesOf(tandem, suiteId);
  const input = { suiteId, checkpointId, splits: splitsOf(entries), geometry };
  const { job } = await runJob(tandem, 'evaluate-suite', { input, idempotencyKey });
  return { result: await resultOf(tandem, checkpointId, entries), job };
}
