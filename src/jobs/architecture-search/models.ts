/**
 * The models of candidates. Those that differ from the model of the search by pooling or heads are derived before the
 * first rung, by parts of the search; their rows say what they made, so a death in between loses nothing.
 */
import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { and, eq, inArray, isNull, ne, sql } from 'drizzle-orm';
import type { Executor, Transaction } from '../../db/open.ts';
import type { Use } from '../../db/schema/types.ts';
import {
  type ArchitectureCandidateRow,
  architectureCandidates,
  checkpoints,
  type JobRow,
  jobs,
} from '../../db/schema.ts';
import { fromPlainError, invariant, TandemError } from '../../errors.ts';
import type { ArchitectureConfiguration } from '../../train/architecture-search/types.ts';
import type { InputOf, SubmitPart } from '../define.ts';
import { deriveModel } from '../kinds/derive-model.ts';
import { candidatesOf } from './trials.ts';

/** How a model is derived that candidates of one pooling and the same heads share. */
type Derivation = InputOf<typeof deriveModel>;

type Variant = Pick<ArchitectureConfiguration, 'pooling' | 'heads'>;

const isOf = (job: JobRow, { pooling, heads }: Variant): boolean => {
  const made = deriveModel.input.parse(job.input);
  return isDeepStrictEqual([made.pooling, made.heads], [pooling, heads]);
};

const partsOf = (searchId: string) => and(eq(jobs.partOf, searchId), eq(jobs.kind, deriveModel.entry.name));

/** The derivations that ended without a model; a search goes on only once all have ended. */
export const failedDerivations = (db: Executor, searchId: string): Promise<JobRow[]> =>
  db
    .select()
    .from(jobs)
    .where(and(partsOf(searchId), ne(jobs.state, 'SUCCEEDED')));

/** What ends the search where a model was not derived: the same error, which says of which model. */
export function derivationFailed({ input, error }: JobRow): Error {
  invariant(error, 'a derivation that ended without a model and without an error');
  const cause = fromPlainError(error);
  if (!(cause instanceof TandemError)) return cause;
  const { name } = deriveModel.input.parse(input);
  return new TandemError(cause.code, `The model "${name}" could not be derived: ${cause.message}`, cause.details);
}

/**
 * Gives candidates the models that were derived for them, which the search uses from then on. Derivations that failed
 * are its parts no more, so that a search that is resumed derives anew.
 */
export async function takeModels(tx: Transaction, searchId: string, failed: readonly JobRow[]): Promise<void> {
  const ids = failed.map(({ id }) => id);
  if (ids.length > 0) await tx.update(jobs).set({ partOf: null }).where(inArray(jobs.id, ids));
  const lacking = (await candidatesOf(tx, searchId)).filter(({ modelId }) => modelId === null);
  if (lacking.length === 0) return;
  const made = await tx.select().from(jobs).where(partsOf(searchId));
  const taken = new Set<string>();
  for (const { number, configuration } of lacking) {
    const { resultId: modelId } = made.find((job) => isOf(job, configuration)) ?? {};
    if (!modelId) continue;
    const own = and(eq(architectureCandidates.searchId, searchId), eq(architectureCandidates.number, number));
    await tx.update(architectureCandidates).set({ modelId }).where(own);
    taken.add(modelId);
  }
  await useModels(tx, searchId, [...taken]);
}

/** Their own checkpoints keep the folders. */
async function useModels(tx: Transaction, searchId: string, modelIds: readonly string[]): Promise<void> {
  if (modelIds.length === 0) return;
  const own = await tx
    .select({ id: checkpoints.id })
    .from(checkpoints)
    .where(
      and(inArray(checkpoints.modelId, [...modelIds]), eq(checkpoints.reason, 'initial'), isNull(checkpoints.runId)),
    );
  const uses = own.map(({ id }): Use => ({ kind: 'checkpoint', id }));
  await tx
    .update(jobs)
    .set({ uses: sql`${jobs.uses} || ${JSON.stringify(uses)}::jsonb` })
    .where(eq(jobs.id, searchId));
}

/** The derivations whose models candidates still lack. */
export const derivationsLeft = (
  derivations: readonly Derivation[],
  candidates: readonly ArchitectureCandidateRow[],
): readonly Derivation[] =>
  derivations.filter(({ pooling, heads }) =>
    candidates.some(
      ({ modelId, configuration }) =>
        modelId === null && isDeepStrictEqual([configuration.pooling, configuration.heads], [pooling, heads]),
    ),
  );

/** Queues derivations as parts of the search. */
export async function beginDerivations(submit: SubmitPart, derivations: readonly Derivation[]): Promise<void> {
  for (const derivation of derivations) await submit('derive-model', randomUUID(), derivation);
}
