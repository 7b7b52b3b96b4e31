/** deleteX and deleteXs of every noun whose rows people delete by their ids. */
import type { TableName } from '../../db/rows.ts';
import { deletion as apiKey } from '../../services/access/keys.ts';
import { deletion as architectureSearch } from '../../services/architecture-searches/searches.ts';
import { deletion as checkpoint } from '../../services/checkpoints/checkpoints.ts';
import { deletion as collection } from '../../services/collections/collections.ts';
import { type Deletion, deleteRows } from '../../services/common/editing/remove.ts';
import { deletion as dataset } from '../../services/datasets/datasets.ts';
import { deletion as evaluation } from '../../services/evaluations/evaluations.ts';
import { deletion as fusionSearch } from '../../services/fusion-searches/searches.ts';
import { deletion as job } from '../../services/jobs/jobs.ts';
import { deletion as model } from '../../services/models/models.ts';
import { deletion as run } from '../../services/runs/runs.ts';
import { deletion as suite } from '../../services/suites/suites.ts';
import { forRoleOf } from '../access/roles.ts';
import { builder } from '../builder.ts';
import { keyOfNoun, namesOf } from './nouns.ts';

function defineDeletes<Name extends TableName>(deletion: Deletion<Name>, description: string): void {
  const { noun } = deletion;
  const { type, types, one, called, plural, ref } = namesOf(noun);
  type Row = typeof ref.$inferType;
  const Payload = builder
    .objectRef<{ readonly deletedId: string; readonly row: Row }>(`Delete${type}Payload`)
    .implement({
      description: 'The id of what was deleted, and what it was.',
      fields: (t) => ({
        deletedId: t.exposeID('deletedId', { description: `Id of the deleted ${called}.` }),
        [one]: t.expose('row', {
          type: ref,
          description: `The ${called} as it was. What went with it is not there any more: ask for its own values.`,
        }),
      }),
    });
  const ManyPayload = builder
    .objectRef<{ readonly deletedIds: readonly string[]; readonly rows: Row[] }>(`Delete${types}Payload`)
    .implement({
      description: 'The ids of what was deleted, and what it was.',
      fields: (t) => ({
        deletedIds: t.idList({
          description: `Ids of the deleted ${plural}, in the given order.`,
          resolve: ({ deletedIds }) => [...deletedIds],
        }),
        [noun]: t.expose('rows', {
          type: [ref],
          description: `The ${plural} as they were. What went with them is not there any more.`,
        }),
      }),
    });
  builder.mutationFields((t) => ({
    [`delete${type}`]: t.field({
      type: Payload,
      ...forRoleOf(noun),
      description,
      args: { id: t.arg.id({ required: true, description: `Id of a ${called}.` }) },
      resolve: async (_root, { id }, { tandem }) => {
        const [row] = await deleteRows(tandem, deletion, [keyOfNoun(noun, id, 'id')]);
        return { deletedId: id, row: row as Row };
      },
    }),
    [`delete${types}`]: t.field({
      type: ManyPayload,
      ...forRoleOf(noun),
      description: `As delete${type}, of several ${plural}: all of them or, where one is refused, none. CONFLICT names every user of each; what is deleted together is no user.`,
      args: {
        ids: t.arg.idList({ required: true, description: `Ids of ${plural}, at most 1,000, each once.` }),
      },
      resolve: async (_root, { ids }, { tandem }) => {
        const fieldOf = (i: number) => `ids.${i}`;
        const keys = ids.map((id, i) => keyOfNoun(noun, id, fieldOf(i)));
        return { deletedIds: ids, rows: (await deleteRows(tandem, deletion, keys, fieldOf)) as Row[] };
      },
    }),
  }));
}

defineDeletes(
  dataset,
  'Deletes a data set version and its evaluations; CONFLICT names the runs, suites, searches and jobs that use it.',
);
defineDeletes(
  model,
  'Deletes a model and its untrained checkpoint; CONFLICT names the runs and checkpoints that use it.',
);
defineDeletes(run, 'Deletes an ended run with its events and checkpoints; CONFLICT names what uses them.');
defineDeletes(
  checkpoint,
  'Deletes a checkpoint and its evaluations; CONFLICT names the collections, fusions and runs that use it.',
);
defineDeletes(evaluation, 'Deletes an evaluation with what each of its queries or pairs got.');
defineDeletes(suite, 'Deletes a suite; its data sets and the evaluations on them stay.');
defineDeletes(collection, 'Deletes a collection with its documents and vectors.');
defineDeletes(
  architectureSearch,
  'Deletes a search that has ended, with its figures and its job. Its runs and the models that were derived for it stay.',
);
defineDeletes(
  fusionSearch,
  'Deletes a search that has ended, with its candidates and its job; what was fused from it stays. One that is QUEUED or RUNNING is a CONFLICT: cancelJob ends it.',
);
defineDeletes(
  job,
  'Deletes a job that has ended, with its attempts and events; what it made stays, and its idempotencyKey is free again. A job that is QUEUED or RUNNING is a CONFLICT, and so is that of a run or of a search, which goes with deleteRun, deleteFusionSearch or deleteArchitectureSearch.',
);
defineDeletes(
  apiKey,
  'Deletes an API key; what is under way for it ends, as when it is revoked. Entries of the audit log keep its name.',
);
