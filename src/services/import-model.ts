/** importModel: a model that another program made, from a folder in the import folder. */
import { mkdir } from 'node:fs/promises';
import type { JobRow, ModelRow } from '../db/schema.ts';
import { exclusively } from './exclusive.ts';
import { modelFiles } from './files.ts';
import { confine } from './import-path.ts';
import { perform } from './jobs.ts';
import { recordModel } from './record-model.ts';
import { requireRow } from './rows.ts';
import type { Tandem } from './tandem.ts';

export interface ImportModelRequest {
  readonly name: string;
  readonly source: {
    /** Below the import folder. */
    readonly folder?: string | null;
  };
  readonly idempotencyKey?: string | null;
}

/** Imports and waits. The folder itself is copied, never changed. */
export async function importModel(
  tandem: Tandem,
  request: ImportModelRequest,
): Promise<{ model: ModelRow; job: JobRow }> {
  const { importDir } = tandem.config;
  const name = request.name.trim();
  const source = request.source.folder ?? '';
  await mkdir(importDir, { recursive: true });
  const path = await confine(importDir, source, 'input.source.folder');
  const { id, job } = await perform(
    tandem,
    'create-model',
    { input: { name, source }, idempotencyKey: request.idempotencyKey },
    ({ signal, progress }) =>
      exclusively(modelFiles, async () => {
        const onEvent = (event: { done: number; total: number }) => progress({ stage: 'tensors', ...event });
        const summary = await tandem.jobs.cpu.call('importModel', { path }, { signal, onEvent });
        return recordModel(tandem, { name, summary, seed: null, source });
      }),
  );
  return { model: await requireRow(tandem.database.db, 'models', id), job };
}
