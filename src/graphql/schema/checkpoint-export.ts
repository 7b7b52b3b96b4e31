/** exportCheckpoint. */
import { exportCheckpoint } from '../../services/checkpoints/export.ts';
import { builder } from '../builder.ts';
import { Task } from '../enums.ts';
import { longPayload, madeField, waitArg } from '../long.ts';
import { refs } from '../nouns.ts';
import { CheckpointChoice, checkpointIdOf, idempotencyKey } from './common.ts';

const { Checkpoint } = refs;

const ExportPayload = longPayload('ExportCheckpointPayload', 'export-checkpoint', {
  description: 'The result of exportCheckpoint.',
  job: 'The job of the export.',
  made: ([done]) => ({ checkpoint: done?.id, ...done?.answer }),
  fields: (t) => ({
    checkpoint: t.expose('checkpoint', { type: Checkpoint, ...madeField('The checkpoint that was exported.') }),
    path: t.exposeString('path', madeField('The folder on the server: a sentence-transformers model.')),
    files: t.exposeStringList('files', madeField('The paths of the exported files, relative to the folder.')),
    bytes: t.expose('bytes', { type: 'Int64', ...madeField('The total size of the files in bytes.') }),
  }),
});

const ExportInput = builder.inputType('ExportCheckpointInput', {
  description: 'The checkpoint to export, and the folder.',
  fields: (t) => ({
    checkpoint: t.field({ type: CheckpointChoice, required: true, description: 'The checkpoint to export.' }),
    folder: t.string({
      required: true,
      description: 'The name of a new folder under <data folder>/export, of letters, digits, dots and dashes.',
    }),
    task: t.field({
      type: Task,
      description:
        'The task that the folder is for: needed for a model with heads, whose vectors depend on the task; absent or null for one without.',
    }),
    idempotencyKey: idempotencyKey(t),
  }),
});

builder.mutationField('exportCheckpoint', (t) =>
  t.field({
    type: ExportPayload.ref,
    description:
      'Writes a checkpoint, or what it is for one task, as a sentence-transformers folder and returns when it is done. A folder that exists is a CONFLICT, unless the first call with this idempotencyKey made it.',
    args: {
      input: t.arg({ type: ExportInput, required: true, description: 'The checkpoint and the target folder.' }),
      wait: waitArg(t.arg),
    },
    resolve: async (_root, { input: { checkpoint, ...input }, wait }, { tandem }) => {
      const checkpointId = await checkpointIdOf(tandem, checkpoint, 'input.checkpoint');
      return ExportPayload.answer(tandem, wait, await exportCheckpoint(tandem, { checkpointId, ...input }));
    },
  }),
);
