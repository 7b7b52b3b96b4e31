/** Model folders are shared by digest: which of some digests nothing names any more, and their removal. */
import { inArray } from 'drizzle-orm';
import type { Transaction } from '../db/open.ts';
import { checkpoints, models } from '../db/schema.ts';
import type { Tandem } from './tandem.ts';

/** Lock of everything that adds or removes model folders (exclusive.ts). */
export const modelFiles = 'models';

/** The digests that no model and no checkpoint names; asked inside the transaction that deleted rows. */
export async function unnamedFolders(tx: Transaction, digests: readonly string[]): Promise<string[]> {
  if (digests.length === 0) return [];
  const list = [...new Set(digests)];
  const named = [
    ...(await tx.select({ digest: models.digest }).from(models).where(inArray(models.digest, list))),
    ...(await tx.select({ digest: checkpoints.digest }).from(checkpoints).where(inArray(checkpoints.digest, list))),
  ];
  const kept = new Set(named.map(({ digest }) => digest));
  return list.filter((digest) => !kept.has(digest));
}

/** Removes folders after the commit; a device thread that holds one of them warm forgets it. */
export async function removeFolders({ storage, jobs }: Tandem, digests: readonly string[]): Promise<void> {
  for (const digest of digests) {
    await jobs.device.call('forget', { model: digest });
    await storage.remove('models', digest);
  }
}
