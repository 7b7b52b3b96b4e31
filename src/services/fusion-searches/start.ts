/** startFusionSearch, and a candidate of a search as a checkpoint. */
import { randomUUID } from 'node:crypto';
import { globalId } from '../../db/global-id.ts';
import { type FusionCandidateRow, type FusionSearchRow, fusionSearches } from '../../db/schema.ts';
import { conflict, notFound } from '../../errors.ts';
import { fusionPlanOf, placesOf } from '../../fusion/search/places.ts';
import { candidatesOf } from '../../jobs/searching/candidates.ts';
import { winnerOf } from '../../jobs/searching/standings.ts';
import { fuseCheckpoints } from '../checkpoints/fuse.ts';
import { requireSameRequest } from '../common/idempotency.ts';
import { byIdempotencyKey, requireRow } from '../common/rows.ts';
import type { Work } from '../jobs/work.ts';
import type { Tandem } from '../tandem.ts';
import { type FusionSearchRequest, readySearch } from './request.ts';

/**
 * Inserts a search and hands it over in one transaction. The same idempotency key returns the first one, which goes on
 * where it stopped if it ended without a result.
 */
export async function startFusionSearch(tandem: Tandem, given: FusionSearchRequest): Promise<FusionSearchRow> {
  const { modelId, request } = await readySearch(tandem, given);
  const { idempotencyKey = null } = given;
  const { db } = tandem.database;
  const id = await db.transaction(async (tx) => {
    const before = await byIdempotencyKey(tx, 'fusionSearches', idempotencyKey);
    if (before) {
      requireSameRequest(before.request, request);
      await tandem.jobs.goOn(tx, before.id);
      return before.id;
    }
    const made = randomUUID();
    const { checkpointIds, baseId, devSets, testSets } = request;
    await tandem.jobs.submitSearch(tx, made, {
      modelId,
      checkpointIds: [...checkpointIds, ...(baseId === null ? [] : [baseId])],
      datasetIds: [...new Set([...devSets, ...testSets].map(({ datasetId }) => datasetId))],
    });
    await tx.insert(fusionSearches).values({ id: made, modelId, request, idempotencyKey });
    return made;
  });
  return requireRow(db, 'fusionSearches', id);
}

export interface FuseCandidateRequest {
  readonly searchId: string;
  /** Absent = the winner so far. */
  readonly number?: number | null;
  readonly idempotencyKey?: string | null;
}

/** The same fusion as the candidate's, by the same job as any other: its weights have the candidate's digest. */
export async function fuseCandidate(
  tandem: Tandem,
  { searchId, number, idempotencyKey }: FuseCandidateRequest,
): Promise<Work<'fuse'>> {
  const search = await requireRow(tandem.database.db, 'fusionSearches', searchId, 'input.search');
  const { checkpointIds, baseId } = search.request;
  const candidate = await candidateOf(tandem, search, number ?? null);
  const { plan } = candidate;
  if (!plan) throw isCheckpoint(candidate, checkpointIds[candidate.checkpoint ?? 0] as string);
  return fuseCheckpoints(tandem, {
    ...{ ...fusionPlanOf(plan), baseId },
    checkpointIds: placesOf(plan).map((place) => checkpointIds[place] as string),
    ...(idempotencyKey && { idempotencyKey }),
  });
}

async function candidateOf(
  tandem: Tandem,
  search: FusionSearchRow,
  number: number | null,
): Promise<FusionCandidateRow> {
  const candidates = await candidatesOf(tandem.database.db, search.id);
  const wanted = number ?? winnerOf(candidates, search.request.strategy)?.number;
  const candidate = candidates.find((row) => row.number === wanted);
  if (candidate) return candidate;
  throw notFound(number === null ? 'The search has no winner yet' : `The search has no candidate ${number}`, {
    field: 'input.candidate',
    expected: `one of the ${candidates.length} candidates so far`,
    remedy: 'Wait for the search, or name another candidate.',
  });
}

const isCheckpoint = ({ number }: FusionCandidateRow, checkpointId: string) =>
  conflict(`Candidate ${number} is checkpoint ${globalId('Checkpoint', checkpointId)} as it is`, {
    field: 'input.candidate',
    expected: 'a candidate that was fused',
    remedy: 'Use that checkpoint, or name a candidate that was fused.',
  });
