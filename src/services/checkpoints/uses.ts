/** What uses a checkpoint besides its evaluations: collections, fusions and jobs at work. */
import { and, inArray, notInArray } from 'drizzle-orm';
import type { Transaction } from '../../db/open.ts';
import { checkpointParents, collections } from '../../db/schema.ts';
import { jobsWith } from '../../jobs/jobs.ts';

/** Names of the users of any of these checkpoints; a fusion among them does not count. */
export async function usersOf(tx: Transaction, checkpointIds: readonly string[]): Promise<string[]> {
  const ids = [...checkpointIds];
  if (ids.length === 0) return [];
  const inCollections = await tx
    .select({ name: collections.name })
    .from(collections)
    .where(inArray(collections.checkpointId, ids));
  const inFusions = await tx
    .select({ id: checkpointParents.checkpointId })
    .from(checkpointParents)
    .where(and(inArray(checkpointParents.parentId, ids), notInArray(checkpointParents.checkpointId, ids)));
  const names = [
    ...inCollections.map(({ name }) => `collection "${name}"`),
    ...inFusions.map(({ id }) => `fused checkpoint ${id}`),
    ...(await jobsWith(tx, ids)),
  ];
  return [...new Set(names)];
}
