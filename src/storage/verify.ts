/** Compares an object, every byte of it, with what was published. It changes nothing but a manifest that is lacking. */
import { join } from 'node:path';
import { TandemError } from '../errors.ts';
import { damagedFile, type ManifestKind, ownFileError } from './damaged-file.ts';
import { listFiles } from './files.ts';
import { describeFile, manifestName } from './manifest.ts';
import type { StoredObject } from './objects.ts';
import { manifestFor, type Vouch } from './own-files.ts';
import type { Storage } from './storage.ts';

export interface Finding {
  /** `unnamed`: a file that Tandem did not write, and passes over. */
  readonly what: 'damaged' | 'missing' | 'unnamed';
  /** The file, absolute, or its folder where the file is not known. */
  readonly path: string;
  readonly message: string;
  readonly remedy: string;
}

/** `vouches` says which objects without a manifest are whole otherwise than by their name. */
export async function verifyObject(
  storage: Storage,
  object: StoredObject,
  vouches: Readonly<Partial<Record<ManifestKind, Vouch>>>,
  signal: AbortSignal,
): Promise<Finding[]> {
  const { kind, name } = object;
  const path = storage.path(kind, name);
  const findings =
    kind === 'payloads'
      ? await compared(object, path, name, signal)
      : await verifyFolder(storage, { kind, name, path }, vouches[kind], signal);
  // Removed by the service while it was read.
  return (await storage.exists(kind, name)) ? findings : [];
}

async function verifyFolder(
  storage: Storage,
  place: { readonly kind: ManifestKind; readonly name: string; readonly path: string },
  vouch: Vouch | undefined,
  signal: AbortSignal,
): Promise<Finding[]> {
  const { kind, path } = place;
  const findings: Finding[] = [];
  try {
    const manifest = await manifestFor(storage, place, vouch);
    for (const [file, { sha256 }] of manifest)
      findings.push(...(await compared(place, join(path, file), sha256, signal)));
    const others = (await listFiles(path)).filter((file) => !manifest.has(file) && file !== manifestName);
    findings.push(...others.map((file) => unnamed(join(path, file))));
  } catch (error) {
    signal.throwIfAborted();
    findings.push(damaged(ownFileError(kind, path, error)));
  }
  return findings;
}

/** Nothing, or what is wrong with the file. */
async function compared(
  { kind }: Pick<StoredObject, 'kind'>,
  path: string,
  sha256: string,
  signal: AbortSignal,
): Promise<Finding[]> {
  try {
    if ((await describeFile(path, signal)).sha256 === sha256) return [];
    return [damaged(damagedFile(kind, path, 'its content is not what was written'))];
  } catch (error) {
    signal.throwIfAborted();
    return [damaged(ownFileError(kind, path, error))];
  }
}

function damaged(error: unknown): Finding {
  if (!(error instanceof TandemError)) throw error;
  const { field = '', remedy = '' } = error.details;
  return { what: 'damaged', path: field, message: error.message, remedy };
}

/** What a missing object means. */
export function missing(storage: Storage, { kind, name }: StoredObject): Finding {
  const path = storage.path(kind, name);
  return { ...damaged(damagedFile(kind, path, 'it is missing')), what: 'missing' };
}

/** A file or folder that Tandem did not make. */
export const unnamed = (path: string): Finding => ({
  what: 'unnamed',
  path,
  message: `Tandem did not write ${path}, and passes it over`,
  remedy: 'Leave it, or remove it.',
});
