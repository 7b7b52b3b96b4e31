/** updateX and updateXs of every noun that people name, describe and tag. */
import { type Edit, type EditableNoun, updateRows } from '../../services/common/editing/update.ts';
import { forRoleOf } from '../access/roles.ts';
import { builder } from '../builder.ts';
import type { InputFields } from '../schema/common.ts';
import { editableNouns } from './fields.ts';
import { keyOfNoun, namesOf } from './nouns.ts';

/** What a new name of a noun means; the others' only has its limits. */
const namesSay: Partial<Record<EditableNoun, string>> = {
  datasets:
    'The new name, 1 to 200 characters; no other data set has it with the same version. The old name is added to `derivedFrom`, so that relations by name still hold. Absent or null leaves it.',
  checkpoints: 'The new name, up to 200 characters; an empty one takes it away. Absent or null leaves it.',
  collections: 'The new name, 1 to 200 characters, not yet taken; absent or null leaves it.',
};

const editFields = (noun: EditableNoun) => (t: InputFields) => ({
  id: t.id({ required: true, description: `Id of the ${namesOf(noun).called}.` }),
  name: t.string({
    description: namesSay[noun] ?? 'The new name, 1 to 200 characters; absent or null leaves it.',
  }),
  notes: t.string({ description: 'The new notes, at most 64 KiB; absent or null leaves them.' }),
  tags: t.stringList({
    description:
      'The new tags in place of all that it has, at most 50 of 1 to 100 characters; they are trimmed, and each is kept once. Absent or null leaves them.',
  }),
  ...(noun === 'apiKeys' && {
    expiresAt: t.field({
      type: 'DateTime',
      description: 'When the key ends; one in the past ends it now. Null means never, and absent leaves it.',
    }),
  }),
  ifUpdatedAt: t.field({
    type: 'DateTime',
    description:
      'Its `updatedAt` as it was read: the update is a CONFLICT if that has changed. Absent or null updates it in any case.',
  }),
});

function defineUpdates(noun: EditableNoun): void {
  const { type, types, one, called, plural, ref } = namesOf(noun);
  const Input = builder.inputType(`Update${type}Input`, {
    description: `What to change of a ${called}; absent fields stay as they are.`,
    fields: editFields(noun),
  });
  const ManyInput = builder.inputType(`Update${types}Input`, {
    description: `What to change of ${plural}.`,
    fields: (t) => ({
      items: t.field({
        type: [Input],
        required: true,
        description: 'The changes, at most 1,000, each of another id.',
      }),
    }),
  });
  type Row = typeof ref.$inferType;
  const Payload = builder.objectRef<{ readonly row: Row }>(`Update${type}Payload`).implement({
    description: `The result of update${type}.`,
    fields: (t) => ({
      [one]: t.expose('row', { type: ref, description: `The ${called} as it is now.` }),
    }),
  });
  const ManyPayload = builder.objectRef<{ readonly rows: Row[] }>(`Update${types}Payload`).implement({
    description: `The result of update${types}.`,
    fields: (t) => ({
      [noun]: t.expose('rows', { type: [ref], description: `The ${plural} as they are now, in the given order.` }),
    }),
  });
  const withKey = ({ id, ...edit }: Edit, field: string): Edit => ({ ...edit, id: keyOfNoun(noun, id, `${field}.id`) });
  builder.mutationFields((t) => ({
    [`update${type}`]: t.field({
      type: Payload,
      ...forRoleOf(noun),
      description: `Changes the name, notes or tags of a ${called}.`,
      args: { input: t.arg({ type: Input, required: true, description: `The ${called} and what to change.` }) },
      resolve: async (_root, { input }, { tandem }) => {
        const [row] = await updateRows(tandem, noun, [withKey(input, 'input')], () => 'input');
        return { row: row as Row };
      },
    }),
    [`update${types}`]: t.field({
      type: ManyPayload,
      ...forRoleOf(noun),
      description: `Changes the names, notes or tags of ${plural}: all of them or, where one is refused, none.`,
      args: { input: t.arg({ type: ManyInput, required: true, description: `The ${plural} and what to change.` }) },
      resolve: async (_root, { input: { items } }, { tandem }) => {
        const edits = items.map((item, i) => withKey(item, `input.items.${i}`));
        return { rows: (await updateRows(tandem, noun, edits, (i) => `input.items.${i}`)) as Row[] };
      },
    }),
  }));
}

for (const noun of editableNouns) defineUpdates(noun);
