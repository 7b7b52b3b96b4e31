/** exportCheckpoint. */
import { exportCheckpoint } from '../../services/checkpoints/export.ts';
import { builder } from '../builder.ts';
import { Task } from '../enums.ts';
import { answerOf, longPayload, madeField, onlyDone, waitArg } from '../long.ts';
import { refs } from '../nouns.ts';
import { CheckpointChoice, checkpointIdOf, idempotencyKey } from './common.ts';

const { Checkpoint } = refs;

const ExportPayload = longPayload('ExportCheckpointPayload', 'export-checkpoint', {
  description: 'The result of exportCheckpoint.',
  job: 'The job of the export.',
  fields: (t) => ({
    checkpoint: t.field({
      type: Checkpoint,
      ...madeField('The checkpoint that was exported.'),
      resolve: (answer) => onlyDone(answer)?.id,
    }),
    path: t.string({
      ...madeField('The folder on the server: a sentence-transformers model.'),
      resolve: (answer) => onlyDone(answer)?.answer?.path,
    }),
    files: t.stringList({
      ...madeField('The paths of the exported files, relative to the folder.'),
      resolve: (answer) => onlyDone(answer)?.answer?.files,
    }),
    bytes: t.field({
      type: 'Int64',
      ...madeField('The total size of the files in bytes.'),
      resolve: (answer) => onlyDone(answer)?.answer?.bytes,
    }),
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
    args: {
      input: t.arg({ type: ExportInput, required: true, description: 'The checkpoint and the target folder.' }),
      wait: waitArg(t.arg),
    },
    resolve: async (_root, { input: { checkpoint, ...input }, wait }, { tandem }) => {
      const checkpointId = await checkpointIdOf(tandem, checkpoint, 'input.checkpoint');
      return answerOf(tandem, wait, await exportCheckpoint(tandem, { checkpointId, ...input }));
    },
  }),
);
