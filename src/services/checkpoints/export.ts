/** exportCheckpoint: a copy of the folder where people can take it. */
import type { CheckpointRow, JobRow } from '../../db/schema.ts';
import { badInput, invariant } from '../../errors.ts';
import { requireRow } from '../common/rows.ts';
import { runJob } from '../jobs/jobs.ts';
import type { Tandem } from '../tandem.ts';

export interface Exported {
  readonly checkpoint: CheckpointRow;
  /** The folder, absolute. */
  readonly path: string;
  readonly files: readonly string[];
  readonly bytes: number;
  readonly job: JobRow;
}

export interface ExportRequest {
  readonly checkpointId: string;
  readonly folder: string;
  readonly idempotencyKey?: string | null;
}

const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

/** Copies to <data folder>/export/<folder> and waits. */
export async function exportCheckpoint(tandem: Tandem, request: ExportRequest): Promise<Exported> {
  const { checkpointId, folder, idempotencyKey } = request;
  if (!namePattern.test(folder)) {
    throw badInput(`"${folder.slice(0, 120)}" is no name of an export folder`, {
      field: 'input.folder',
      expected: '1 to 100 letters, digits, dots, dashes and underscores, beginning with a letter or digit',
      remedy: 'Give the name alone; it is made under <data folder>/export.',
    });
  }
  const checkpoint = await requireRow(tandem.database.db, 'checkpoints', checkpointId, 'input.checkpoint');
  const input = { checkpointId, folder };
  const { job, answer } = await runJob(tandem, 'export-checkpoint', { input, idempotencyKey });
  invariant(answer, 'an export without its answer');
  return { checkpoint, job, ...answer };
}
