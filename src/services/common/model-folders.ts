/** Removal of the folders that deleted models and checkpoints named. */
import { forgetModel, removeUnnamed } from '../../jobs/jobs.ts';
import type { Tandem } from '../tandem.ts';

/** Lock of everything that adds or removes model folders (exclusive.ts). */
export const modelFiles = 'models';

/**
 * Removes what no row names any more, after the commit; a device thread that holds one of the models warm forgets it. The
 * rows are gone by then, so a device that is not there does not keep the files.
 */
export async function removeFolders(
  { storage, jobs, database: { db } }: Tandem,
  deleted: { readonly models: readonly string[]; readonly states?: readonly (string | null)[] },
): Promise<void> {
  await removeUnnamed({ db, storage }, 'models', deleted.models, (digest) => forgetModel(jobs, digest));
  await removeUnnamed({ db, storage }, 'states', deleted.states ?? []);
}
