/** The trials of a search as rows: begun with their runs, judged when those have ended. */
import { randomUUID } from 'node:crypto';
import { and, asc, eq, inArray, isNull } from 'drizzle-orm';
import type { Db, Executor, Transaction } from '../../db/open.ts';
import {
  type ArchitectureCandidateRow,
  type ArchitectureSearchRow,
  type ArchitectureTrialRow,
  architectureCandidates,
  architectureTrials,
  checkpoints,
  devEvaluations,
  runsWithJobs,
  trialOutcomes,
} from '../../db/schema.ts';
import { invariant } from '../../errors.ts';
import type { Retention } from '../../retention/retention.ts';
import { isUnusedCheckpoint } from '../../retention/uses.ts';
import type { SubmitPart } from '../define.ts';
import { insertRunRecord } from '../training/run-record.ts';
import { configuredRun } from './configured.ts';
import type { Rung } from './halving.ts';

export const candidatesOf = (db: Executor, searchId: string): Promise<ArchitectureCandidateRow[]> =>
  db
    .select()
    .from(architectureCandidates)
    .where(eq(architectureCandidates.searchId, searchId))
    .orderBy(asc(architectureCandidates.number));

export const trialsOf = (db: Executor, searchId: string): Promise<ArchitectureTrialRow[]> =>
  db
    .select()
    .from(architectureTrials)
    .where(eq(architectureTrials.searchId, searchId))
    .orderBy(asc(architectureTrials.rung), asc(architectureTrials.candidate));

/** Queues the runs of a rung as parts of the search. */
export async function beginRung(
  tx: Transaction,
  submit: SubmitPart,
  search: ArchitectureSearchRow,
  { number, steps, candidates }: Rung,
): Promise<void> {
  const known = await candidatesOf(tx, search.id);
  for (const candidate of candidates) {
    const row = known.find((one) => one.number === candidate);
    invariant(row?.modelId, 'a candidate that the search does not have, or one without its model');
    const runId = randomUUID();
    await submit('train', runId, { runId });
    await insertRunRecord(tx, runId, configuredRun(search, { ...row, modelId: row.modelId }, { number, steps }));
    await tx.insert(architectureTrials).values({ searchId: search.id, rung: number, candidate, runId, steps });
  }
}

/** Keeps how the runs ended and what they scored, so that the figures stay when a run is deleted. */
export async function judgeTrials(tx: Transaction, searchId: string): Promise<void> {
  const open = and(eq(architectureTrials.searchId, searchId), isNull(architectureTrials.outcome));
  const { rung, candidate } = architectureTrials;
  const { id, state, bestStep } = runsWithJobs;
  const ended = await tx
    .select({ rung, candidate, id, state, bestStep })
    .from(architectureTrials)
    .innerJoin(runsWithJobs, eq(id, architectureTrials.runId))
    .where(open);
  for (const run of ended) {
    const outcome = trialOutcomes.find((known) => known === run.state);
    invariant(outcome, 'a search that goes on before its runs have ended');
    const [best] = await tx
      .select({ score: devEvaluations.score, figures: devEvaluations.figures })
      .from(devEvaluations)
      .where(and(eq(devEvaluations.runId, run.id), eq(devEvaluations.step, run.bestStep ?? -1)));
    const figures = outcome === 'SUCCEEDED' && best ? best : { score: null, figures: null };
    const own = and(open, eq(rung, run.rung), eq(candidate, run.candidate));
    await tx
      .update(architectureTrials)
      .set({ outcome, ...figures })
      .where(own);
  }
}

/** Removes the checkpoints of runs whose figures alone are wanted; what something refers to stays. */
export async function dropCheckpoints(
  { db, retention }: { readonly db: Db; readonly retention: Retention },
  runIds: readonly string[],
): Promise<void> {
  if (runIds.length === 0) return;
  const dropped = await db.transaction((tx) =>
    tx
      .delete(checkpoints)
      .where(and(inArray(checkpoints.runId, [...runIds]), isNull(checkpoints.alias), isUnusedCheckpoint(tx)))
      .returning({ model: checkpoints.digest, state: checkpoints.stateDigest }),
  );
  await retention.release(
    'models',
    dropped.map(({ model }) => model),
  );
  await retention.release(
    'states',
    dropped.map(({ state }) => state),
  );
}
