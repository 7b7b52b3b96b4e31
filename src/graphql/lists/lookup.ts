/** One shape of lookup for every noun: x(id), null with the error NOT_FOUND where there is none. */
import type { NodeType } from '../../db/global-id.ts';
import { forRoleOfType } from '../access/roles.ts';
import type { builder } from '../builder.ts';
import { keyOf } from '../ids.ts';
import { refs } from '../nouns.ts';

type QueryFields = Parameters<Parameters<typeof builder.queryFields>[0]>[0];

/** `called` has its article, such as "a run". */
export function lookup(t: QueryFields, type: NodeType, called: string) {
  const field = t.field({
    type: refs[type],
    ...forRoleOfType(type),
    nullable: true,
    description: `One by its id: ${called}; null, with the error NOT_FOUND, if there is none.`,
    args: { id: t.arg.id({ required: true, description: `Id of ${called}.` }) },
    resolve: (_root, { id }) => keyOf(id, type, 'id').key as never,
  });
  return field as never;
}
