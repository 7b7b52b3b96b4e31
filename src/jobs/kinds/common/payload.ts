/**
 * Parts of an input that are too large for a row: JSON files of storage under the sha256 of their bytes. A job lists
 * them among its uses, and they stay until it has ended.
 */
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Use } from '../../../db/schema/types.ts';
import type { Logger } from '../../../log.ts';
import type { Retention } from '../../../retention/retention.ts';
import { damagedFile, parseStored } from '../../../storage/damaged-file.ts';
import { readOwnFile } from '../../../storage/own-files.ts';
import type { Storage } from '../../../storage/storage.ts';

export interface Payload {
  /** sha256 of the JSON: the name of its file, and what an input says of it. */
  readonly digest: string;
  readonly json: string;
}

export function payloadOf(value: unknown): Payload {
  const json = JSON.stringify(value);
  return { digest: digestOf(json), json };
}

/** Makes it durable. */
export async function storePayload(storage: Storage, { digest, json }: Payload): Promise<void> {
  const staged = await storage.stage();
  try {
    await writeFile(join(staged, 'payload'), json);
    await storage.publishFile('payloads', join(staged, 'payload'), digest);
  } finally {
    await storage.discard(staged);
  }
}

/** Removes those of the payloads that no live job uses. What fails is done by the next start. */
export async function releasePayloads(
  { retention, log }: { readonly retention: Retention; readonly log: Logger },
  uses: readonly Use[],
): Promise<void> {
  const digests = uses.filter(({ kind }) => kind === 'payload').map(({ id }) => id);
  await retention.release('payloads', digests).catch((error: unknown) => {
    log.warn({ error }, 'a payload was not removed; the next start removes it');
  });
}

/** The value; a damaged file (storage/own-files.ts) if somebody changed or removed it. */
export function readPayload<T>(storage: Storage, digest: string): Promise<T> {
  return readOwnFile(storage, 'payloads', digest, async (path) => {
    const json = await readFile(path, 'utf8');
    if (digestOf(json) !== digest) throw damagedFile('payloads', path, 'its content is not what was written');
    return parseStored('payloads', path, json) as T;
  });
}

const digestOf = (json: string): string => createHash('sha256').update(json).digest('hex');
