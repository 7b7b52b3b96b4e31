/** The checkpoints that a run can go on from. */
import { and, asc, desc, eq, isNotNull } from 'drizzle-orm';
import type { Executor } from '../db/open.ts';
import type { AttemptDetails } from '../db/schema/types.ts';
import { checkpoints, jobAttempts } from '../db/schema.ts';

export interface Resumable {
  readonly id: string;
  readonly step: number;
  /** The attempt that made it, or made it again. */
  readonly attempt: number;
  readonly model: string;
  readonly state: string;
}

/** Those that have their state, the last one first. */
export async function resumableOf(db: Executor, runId: string): Promise<Resumable[]> {
  const kept = await db
    .select()
    .from(checkpoints)
    .where(and(eq(checkpoints.runId, runId), isNotNull(checkpoints.stateDigest)))
    .orderBy(desc(checkpoints.step));
  return kept.flatMap(({ id, step, attempt, digest, stateDigest: state }) =>
    state === null ? [] : [{ id, step: step ?? 0, attempt: attempt ?? 0, model: digest, state }],
  );
}

/** Those that no earlier attempt found damaged. A checkpoint that was made again is whole. */
export function wholeCheckpoints(
  resumable: readonly Resumable[],
  earlier: readonly AttemptDetails[],
): readonly Resumable[] {
  const found = earlier.flatMap(({ damaged }) => (damaged ? [damaged] : []));
  return resumable.filter(
    ({ id, attempt }) => !found.some((damaged) => damaged.checkpoint === id && damaged.attempt >= attempt),
  );
}

/** What the next attempt goes on from; undefined = it begins at step 0. */
export async function nextResumeOf(db: Executor, runId: string): Promise<Resumable | undefined> {
  const attempts = await db
    .select({ details: jobAttempts.details })
    .from(jobAttempts)
    .where(eq(jobAttempts.jobId, runId))
    .orderBy(asc(jobAttempts.number));
  const earlier = attempts.map(({ details }) => details);
  return wholeCheckpoints(await resumableOf(db, runId), earlier)[0];
}
