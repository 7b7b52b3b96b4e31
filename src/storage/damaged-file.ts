/** The kinds of objects in storage, and the error for one that was damaged or taken away. */
import { type TandemError, unavailable } from '../errors.ts';

const storageKinds = ['datasets', 'models', 'states', 'tokens', 'segments', 'payloads'] as const;
export type StorageKind = (typeof storageKinds)[number];

const remedies: Readonly<Record<StorageKind, string>> = {
  datasets: 'Restore it from a backup of the data folder, or delete the data set and import it again.',
  models: 'Restore it from a backup of the data folder, or make the model or the checkpoint again.',
  states:
    'Restore it from a backup of the data folder, or resume the run again: it goes on from an earlier checkpoint.',
  tokens: 'Delete it: it is made again from the data set.',
  segments: 'Search again: it is made again from the database.',
  payloads: 'Send the request again.',
};

/** UNAVAILABLE with the reason `damaged-file`. `path` is the file, or its folder where the file is not known. */
export const damagedFile = (kind: StorageKind, path: string, why: string): TandemError =>
  unavailable(`A file of Tandem is damaged: ${why.includes(path) ? why : `${path}: ${why}`}`, {
    reason: 'damaged-file',
    field: path,
    expected: 'the file as Tandem wrote it',
    remedy: remedies[kind],
  });
