/** importModel: a model that another program made, from a folder in the import folder or from a Hugging Face hub. */
import { mkdir } from 'node:fs/promises';
import type { JobRow, ModelRow } from '../../db/schema.ts';
import type { HubProgress, HubReference } from '../../hub/types.ts';
import type { JobContext } from '../../jobs/jobs.ts';
import { confine } from '../common/import-path.ts';
import { requireRow } from '../common/rows.ts';
import { runJob } from '../jobs/jobs.ts';
import type { Tandem } from '../tandem.ts';
import { recordModel } from './record-model.ts';

export interface ImportModelRequest {
  readonly name: string;
  readonly source: {
    /** Below the import folder. */
    readonly folder?: string | null;
    readonly hub?: HubReference | null;
  };
  readonly idempotencyKey?: string | null;
}

/** Imports and waits. The folder itself is copied, never changed. */
export async function importModel(
  tandem: Tandem,
  request: ImportModelRequest,
): Promise<{ model: ModelRow; job: JobRow }> {
  const name = request.name.trim();
  const source = await sourceOf(tandem, request);
  const input = { name, source: source.label };
  const { cpu, retention } = tandem.jobs;
  const { id, job } = await runJob(
    tandem,
    'create-model',
    { input, idempotencyKey: request.idempotencyKey },
    async (context) => {
      const { signal, progress, succeed } = context;
      const { path, label } = await source.fetch(context);
      return retention.publishing(async () => {
        const onEvent = (event: { done: number; total: number }) => progress({ stage: 'tensors', ...event });
        const summary = await cpu.call('importModel', { path }, { signal, onEvent });
        const values = { name, summary, seed: null, source: label };
        return retention.recording(() => succeed((tx) => recordModel(tx, values)));
      });
    },
  );
  return { model: await requireRow(tandem.database.db, 'models', id), job };
}

interface Source {
  /** What was asked for, for people. */
  readonly label: string;
  /** Makes sure that the folder is there; its label says exactly where it came from. */
  fetch(context: JobContext): Promise<{ readonly path: string; readonly label: string }>;
}

async function sourceOf(tandem: Tandem, { source: { folder, hub } }: ImportModelRequest): Promise<Source> {
  if (hub)
    return { label: `hub:${hub.repository}@${hub.revision}`, fetch: (context) => download(tandem, hub, context) };
  const { importDir } = tandem.config;
  const label = folder ?? '';
  await mkdir(importDir, { recursive: true });
  const path = await confine(importDir, label, 'input.source.folder');
  return { label, fetch: async () => ({ path, label }) };
}

/** The label names the commit: a branch may move. */
async function download({ config, jobs }: Tandem, reference: HubReference, { signal, progress }: JobContext) {
  const onEvent = ({ file, doneBytes, totalBytes }: HubProgress) =>
    progress({ stage: `download ${file}`, done: doneBytes, total: totalBytes });
  const input = { reference, settings: config.hub };
  const { folder, repository, commit } = await jobs.cpu.call('downloadModel', input, { signal, onEvent });
  return { path: folder, label: `hub:${repository}@${commit}` };
}
