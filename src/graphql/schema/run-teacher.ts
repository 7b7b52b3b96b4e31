/** The teachers of runs. */
import { teachersOf } from '../../services/runs/teacher.ts';
import { builder } from '../builder.ts';
import { loaderOptions, refs } from '../nouns.ts';

const { Checkpoint, Run } = refs;

builder.objectField(Run, 'teacher', (t) =>
  t.loadable({
    type: Checkpoint,
    nullable: true,
    description: 'The checkpoint whose vectors its losses read; null if none of them needs a teacher.',
    loaderOptions,
    load: (ids: string[], { tandem }) => teachersOf(tandem, ids),
    resolve: (row) => row.id,
  }),
);
