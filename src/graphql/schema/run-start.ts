/** Where runs start: the lineage of runs and checkpoints. */
import { parentsOf, type ShownStart, startsOf } from '../../services/runs/origin.ts';
import { builder } from '../builder.ts';
import { StageStart } from '../enums.ts';
import { loaderOptions, loadIfThere, refs } from '../nouns.ts';

const { Checkpoint, Run } = refs;

const RunStart = builder.objectRef<ShownStart>('RunStart').implement({
  description: 'What a run starts from.',
  fields: (t) => ({
    checkpoint: t.field({
      type: Checkpoint,
      nullable: true,
      description:
        'The checkpoint whose weights it starts with; that of the model, if it starts from a model. Null of a stage that has not begun.',
      resolve: ({ checkpointId }) => checkpointId,
    }),
    after: t.field({
      type: Run,
      nullable: true,
      description: 'The run behind which it is a stage; null if it is no stage, and once that run has been deleted.',
      resolve: ({ afterId }, _args, context) => (afterId ? loadIfThere<'runs'>(context, 'Run', afterId) : null),
    }),
    from: t.field({
      type: StageStart,
      nullable: true,
      description: 'Which checkpoint of that run it takes; null if it is no stage.',
      resolve: ({ choice }) => choice,
    }),
  }),
});

builder.objectField(Run, 'start', (t) =>
  t.loadable({
    type: RunStart,
    description: 'What it starts from.',
    loaderOptions,
    load: (ids: string[], { tandem }) => startsOf(tandem, ids),
    resolve: (row) => row.id,
  }),
);

builder.objectField(Checkpoint, 'parent', (t) =>
  t.loadable({
    type: Checkpoint,
    nullable: true,
    description:
      'The checkpoint that its run started from; null for the untrained weights of a model and for a fused checkpoint.',
    loaderOptions,
    load: (ids: string[], { tandem }) => parentsOf(tandem, ids),
    resolve: (row) => row.id,
  }),
);
