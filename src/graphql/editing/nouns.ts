/** What updates and deletions of every noun share: its names in the schema, and the ids that a caller gives. */
import type { TableName } from '../../db/rows.ts';
import { nouns } from '../../db/schema.ts';
import { keyOf } from '../ids.ts';
import { refs } from '../nouns.ts';

type Ref = (typeof refs)['Dataset'];

/** The names of a noun in the schema, and its ref. */
export function namesOf(noun: TableName) {
  const { type, called, plural } = nouns[noun];
  return {
    /** `Dataset`, and `Datasets`. */
    type,
    types: `${noun.charAt(0).toUpperCase()}${noun.slice(1)}`,
    /** `dataset`: the field of a payload that has one; that of one that has many is the noun itself. */
    one: `${type.charAt(0).toLowerCase()}${type.slice(1)}`,
    called,
    plural,
    /** One type for all: what is asked of a ref here is the same for each. */
    ref: refs[type] as unknown as Ref,
  };
}

export const keyOfNoun = (noun: TableName, id: string, field: string): string => keyOf(id, nouns[noun].type, field).key;
