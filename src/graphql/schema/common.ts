/** Pieces that several files of the schema share. */
import { z } from 'zod';
import { checkpointByAlias } from '../../services/checkpoints/checkpoints.ts';
import { initialCheckpoint } from '../../services/models/models.ts';
import type { Tandem } from '../../services/tandem.ts';
import { builder, type ExtendedTypes } from '../builder.ts';
import { OrderDirection } from '../enums.ts';
import { keyOf } from '../ids.ts';

export const nameSchema = z.string().trim().min(1, 'must not be empty').max(200, 'must have at most 200 characters');

export type InputFields = PothosSchemaTypes.InputFieldBuilder<ExtendedTypes, 'InputObject'>;

/** The field of every creating mutation. */
export const idempotencyKey = (t: InputFields) =>
  t.string({
    description:
      'A key chosen by the client. A call that repeats a key waits for the first one where that is still at work, and returns what it made; the same key with another input is a CONFLICT. A job with a key begins again after the death of its process; training waits for resumeRun. Absent or null means that every call makes something new.',
    validate: z.string().min(1, 'must not be empty').max(200, 'must have at most 200 characters').nullish(),
  });

/** The order of a list: by a field, in a direction that is ascending where none is given. */
export const orderInput = <Field extends string>(
  name: string,
  fieldType: PothosSchemaTypes.EnumRef<ExtendedTypes, Field, Field>,
  description: string,
  by = 'The field to order by.',
) =>
  builder.inputType(name, {
    description,
    fields: (t) => ({
      field: t.field({ type: fieldType, required: true, description: by }),
      direction: t.field({
        type: OrderDirection,
        required: true,
        defaultValue: 'asc',
        description: 'The direction of the order.',
      }),
    }),
  });

/** Which checkpoint is meant: by id, or by the alias people gave it. */
export const CheckpointChoice = builder.inputType('CheckpointChoice', {
  description: 'The choice of a checkpoint, by exactly one of these fields.',
  isOneOf: true,
  fields: (t) => ({
    id: t.id({
      description: 'The id of a checkpoint, or of a model for its untrained weights; absent when an alias is given.',
    }),
    alias: t.string({ description: 'The alias of a checkpoint; absent when an id is given.' }),
  }),
});

interface Choice {
  readonly id?: string | null;
  readonly alias?: string | null;
}

/** The key of the chosen checkpoint: a model stands for its untrained one. */
export async function checkpointIdOf(tandem: Tandem, choice: Choice, field: string): Promise<string> {
  if (typeof choice.alias === 'string') return checkpointByAlias(tandem, choice.alias, `${field}.alias`);
  const { type, key } = keyOf(choice.id ?? '', ['Checkpoint', 'Model'], `${field}.id`);
  return type === 'Model' ? initialCheckpoint(tandem, key) : key;
}

/** Null where none is named. */
export const checkpointIdIf = async (
  tandem: Tandem,
  choice: Choice | null | undefined,
  field: string,
): Promise<string | null> => (choice ? checkpointIdOf(tandem, choice, field) : null);
