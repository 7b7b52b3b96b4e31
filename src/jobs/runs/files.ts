/** The folders that an attempt at a run reads: a host takes only a run whose folders lie in its own data folder. */
import type { FolderKind } from '../../retention/uses.ts';
import type { Storage } from '../../storage/storage.ts';
import type { RunInputs } from './store.ts';

export interface Folder {
  readonly kind: FolderKind;
  readonly digest: string;
}

function foldersOf({ model, datasets, resume }: RunInputs): Folder[] {
  const folders: Folder[] = [{ kind: 'models', digest: model.digest }];
  for (const { dataset } of datasets) folders.push({ kind: 'datasets', digest: dataset.digest });
  if (resume) folders.push({ kind: 'models', digest: resume.model }, { kind: 'states', digest: resume.state });
  return folders;
}

/** The first that is not here; undefined = all are. */
export async function missingFolder(storage: Pick<Storage, 'exists'>, inputs: RunInputs): Promise<Folder | undefined> {
  for (const folder of foldersOf(inputs)) {
    if (!(await storage.exists(folder.kind, folder.digest))) return folder;
  }
  return undefined;
}
