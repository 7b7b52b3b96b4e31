/** exportCheckpoint: the folder of a checkpoint, or what it is for one task, where people can take it. */
import type { Task } from '../../data/types.ts';
import type { ModelRow } from '../../db/schema.ts';
import { badInput } from '../../errors.ts';
import { requireRow } from '../common/rows.ts';
import { type Work, workOf } from '../jobs/work.ts';
import { headsOf } from '../models/derive-model.ts';
import type { Tandem } from '../tandem.ts';

export interface ExportRequest {
  readonly checkpointId: string;
  readonly folder: string;
  /** Of a model with heads; absent or null of one without. */
  readonly task?: Task | null;
  readonly idempotencyKey?: string | null;
}

const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

/** Checks the request. The folder will be <data folder>/export/<folder>. */
export async function exportCheckpoint(tandem: Tandem, request: ExportRequest): Promise<Work<'export-checkpoint'>> {
  const { checkpointId, folder, task = null, idempotencyKey } = request;
  if (!namePattern.test(folder)) {
    throw badInput(`"${folder.slice(0, 120)}" is no name of an export folder`, {
      field: 'input.folder',
      expected: '1 to 100 letters, digits, dots, dashes and underscores, beginning with a letter or digit',
      remedy: 'Give the name alone; it is made under <data folder>/export.',
    });
  }
  const checkpoint = await requireRow(tandem.database.db, 'checkpoints', checkpointId, 'input.checkpoint');
  checkTask(await requireRow(tandem.database.db, 'models', checkpoint.modelId), task);
  const input = { checkpointId, folder, task };
  return workOf('export-checkpoint', { input, idempotencyKey });
}

/** Other programs know one vector a text, so that a model with heads is another model for each task. */
function checkTask(model: ModelRow, task: Task | null): void {
  const heads = headsOf(model);
  const hasHeads = heads.ir === 'dense' || heads.sts === 'dense';
  if (hasHeads === (task !== null)) return;
  throw hasHeads
    ? badInput(`The vectors of model "${model.name}" depend on the task, since it has heads`, {
        field: 'input.task',
        expected: 'IR or STS, the task that the folder is for',
        remedy: 'Export it once for each task that you need.',
      })
    : badInput(`The vectors of model "${model.name}" are the same for all tasks, since it has no heads`, {
        field: 'input.task',
        expected: 'no task',
        remedy: 'Leave the task out.',
      });
}
