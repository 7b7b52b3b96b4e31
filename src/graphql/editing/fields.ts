/** The fields that nouns have for editing: when a row was last changed, and what people write to it. */
import type { TableName } from '../../db/rows.ts';
import { nouns } from '../../db/schema.ts';
import type { EditableNoun } from '../../services/common/editing/update.ts';
import { builder } from '../builder.ts';
import { refs } from '../nouns.ts';
import { namesOf } from './nouns.ts';

/** Nouns with names, notes and tags. */
export const editableNouns = [
  ...['datasets', 'models', 'runs', 'checkpoints', 'collections', 'apiKeys'],
] as readonly EditableNoun[];

for (const noun of Object.keys(nouns) as TableName[]) {
  const { ref } = namesOf(noun);
  builder.objectField(ref, 'updatedAt', (t) =>
    t.expose('updatedAt', {
      type: 'DateTime',
      description:
        'When it was made, or last changed in what people edit, its state or its alias; progress does not count. Every change has a later time, in whole milliseconds.',
    }),
  );
}

for (const noun of editableNouns) {
  const { ref } = namesOf(noun);
  builder.objectFields(ref, (t) => ({
    notes: t.exposeString('notes', { description: 'What people wrote about it; empty if nobody did.' }),
    tags: t.exposeStringList('tags', { description: 'The tags that people gave it, in their order.' }),
  }));
}

builder.objectField(refs.Checkpoint, 'name', (t) =>
  t.exposeString('name', { description: 'The name that people gave it, which others may have too; empty if none.' }),
);
