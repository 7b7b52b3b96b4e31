/** importModel: a model that another program made, from a folder in the import folder or from a Hugging Face hub. */
import { mkdir } from 'node:fs/promises';
import type { HubReference } from '../../hub/types.ts';
import type { Heads } from '../../model/types.ts';
import { confine } from '../../storage/import-path.ts';
import { privateMode } from '../../storage/private-folders.ts';
import { type Work, workOf } from '../jobs/work.ts';
import type { Tandem } from '../tandem.ts';

export interface ImportModelRequest {
  readonly name: string;
  readonly source: {
    /** Below the import folder. */
    readonly folder?: string | null;
    readonly hub?: HubReference | null;
  };
  /** Absent or null = those of the folder. */
  readonly heads?: Heads | null;
  readonly idempotencyKey?: string | null;
}

/** Checks the request. The folder itself is copied, never changed. */
export async function importModel(
  tandem: Tandem,
  { name, source, heads, idempotencyKey }: ImportModelRequest,
): Promise<Work<'import-model'>> {
  const input = { name: name.trim(), ...(await sourceOf(tandem, source)), ...(heads && { heads }) };
  return workOf('import-model', { input, idempotencyKey });
}

async function sourceOf({ config: { importDir } }: Tandem, { folder, hub }: ImportModelRequest['source']) {
  if (hub) {
    const { repository, revision } = hub;
    return { source: `hub:${repository}@${revision}`, hub: { repository, revision } };
  }
  await mkdir(importDir, { recursive: true, mode: privateMode });
  await confine(importDir, folder ?? '', 'input.source.folder');
  return { source: folder ?? '', hub: null };
}
