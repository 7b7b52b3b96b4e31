/** verification: the files of the data folder on this host, compared with what was written, beside any other work. */
import { type Folder, unusedFolders, usedFolders } from '../../retention/uses.ts';
import { listStored, type StoredObject } from '../../storage/objects.ts';
import { type Finding, missing, unnamed } from '../../storage/verify.ts';
import type { Tandem } from '../tandem.ts';

export type { Finding } from '../../storage/verify.ts';

/** How far it is. */
export interface Verification {
  /** Objects that were compared so far, and all of them. */
  readonly done: number;
  readonly total: number;
  /** What was found since the last of these. */
  readonly findings: readonly Finding[];
}

/** One step at the beginning, then one after each object. Ends once all are compared, or with the signal. */
export async function* verify(tandem: Tandem, signal: AbortSignal): AsyncGenerator<Verification, void, undefined> {
  const { storage, database, jobs } = tandem;
  const used = await usedFolders(database.db);
  const { objects, others } = await listStored(storage);
  const total = objects.length;
  const lacking = await missingOf(tandem, used, objects);
  yield { done: 0, total, findings: [...others.map(unnamed), ...lacking.map((object) => missing(storage, object))] };
  for (const [i, object] of objects.entries()) {
    const findings = await jobs.cpu.call('verifyObject', object, { signal });
    yield { done: i + 1, total, findings };
  }
}

/** What rows name and is not here. Hosts that share a Postgres have a part of the files each: it is not said there. */
async function missingOf(
  { database }: Tandem,
  used: readonly Folder[],
  there: readonly StoredObject[],
): Promise<readonly StoredObject[]> {
  if (database.kind === 'postgres') return [];
  const found = new Set(there.map(({ kind, name }) => `${kind} ${name}`));
  const lacking: StoredObject[] = [];
  for (const { kind, digest } of used) {
    if (found.has(`${kind} ${digest}`)) continue;
    // Its row may have been deleted since, and its files with it.
    if ((await unusedFolders(database.db, kind, [digest])).length === 0) lacking.push({ kind, name: digest });
  }
  return lacking;
}
