/** exportCheckpoint. */
import { exportCheckpoint } from '../../services/checkpoints/export.ts';
import { builder } from '../builder.ts';
import { Task } from '../enums.ts';
import { refs } from '../nouns.ts';
import { CheckpointChoice, checkpointIdOf, idempotencyKey } from './common.ts';

const { Checkpoint, Job } = refs;

const ExportPayload = builder
  .objectRef<Awaited<ReturnType<typeof exportCheckpoint>>>('ExportCheckpointPayload')
  .implement({
    description: 'The result of exportCheckpoint.',
    fields: (t) => ({
      checkpoint: t.expose('checkpoint', {
        type: Checkpoint,
        description: 'The checkpoint that was exported.',
      }),
      path: t.exposeString('path', { description: 'The folder on the server: a sentence-transformers model.' }),
      files: t.exposeStringList('files', { description: 'The paths of the exported files, relative to the folder.' }),
      bytes: t.expose('bytes', { type: 'Int64', description: 'The total size of the files in bytes.' }),
      job: t.expose('job', { type: Job, description: 'The job of the export.' }),
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
    type: ExportPayload,
    description:
      'Writes a checkpoint, or what it is for one task, as a sentence-transformers folder and returns when it is done. A folder that exists is a CONFLICT, unless the first call with this idempotencyKey made it.',
    args: { input: t.arg({ type: ExportInput, required: true, description: 'The checkpoint and the target folder.' }) },
    resolve: async (_root, { input }, { tandem }) =>
      exportCheckpoint(tandem, {
        checkpointId: await checkpointIdOf(tandem, input.checkpoint, 'input.checkpoint'),
        ...{ folder: input.folder, task: input.task ?? null },
        idempotencyKey: input.idempotencyKey ?? null,
      }),
  }),
);
